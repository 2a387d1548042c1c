import assert from "node:assert/strict";
import { test } from "node:test";
import brainJson from "../demo/brain.json" with { type: "json" };
import conversationJson from "../demo/conversation.json" with { type: "json" };
import { readDemo } from "./demo-data.ts";
import { placeMind } from "./mind-layout.ts";
import { busyNodes, durationOf, momentAt } from "./player.ts";

const { recording, brain } = readDemo();
const end = durationOf(recording);

test("the recording ends with every question answered and the bot at rest", () => {
  const { messages, running, activity } = momentAt(recording, end);
  assert.deepEqual(
    messages.map(({ seq }) => seq),
    messages.map((_, index) => index + 1),
  );
  const asked = messages.filter(({ role }) => role === "user");
  for (const question of asked) assert.ok(messages.some(({ replyTo }) => replyTo === question.id));
  assert.deepEqual([running, activity], [null, null]);
  assert.equal(busyNodes(momentAt(recording, end), brain.nodes).size, 0);
});

test("at its beginning nothing is said yet, and going back shows the same as going forward", () => {
  assert.deepEqual(momentAt(recording, -1).messages, []);
  for (let ms = 0; ms <= end; ms += 50) assert.deepEqual(momentAt(recording, ms), momentAt(recording, ms));
});

test("a running reply only grows, and ends as the message that replaces it", () => {
  let before = "";
  for (const [index, { frame }] of recording.frames.entries()) {
    if (frame.t !== "delta") continue;
    const { running } = momentAt({ ...recording, frames: recording.frames.slice(0, index + 1) }, end);
    assert.ok(running);
    if (frame.at > 0) assert.ok(running.text.startsWith(before), `${before} -> ${running.text}`);
    before = running.text;
    const final = momentAt(recording, end).messages.find(({ replyTo }) => replyTo === frame.replyTo);
    assert.ok(final?.text.startsWith(running.text));
  }
});

test("a command lights a tool up, gathering context lights memories up", () => {
  const lit = (kind: string) =>
    recording.frames.some(({ t }) => {
      const busy = busyNodes(momentAt(recording, t), brain.nodes);
      return brain.nodes.some((node) => node.kind === kind && busy.has(node.id));
    });
  for (const kind of ["self", "memory", "tool", "conversation"]) assert.ok(lit(kind), kind);
});

test("every node of the mind has a place of its own inside the picture", () => {
  const { nodes, edges } = placeMind(brain);
  assert.equal(nodes.length, brain.nodes.length);
  assert.equal(edges.length, brain.edges.length);
  for (const node of nodes) {
    assert.ok(node.x > 10 && node.x < 390 && node.y > 10 && node.y < 390, node.id);
    const others = nodes.filter((other) => other !== node);
    assert.ok(
      others.every((other) => Math.hypot(other.x - node.x, other.y - node.y) > 26),
      node.id,
    );
  }
});

test("the recorded files are what the contract calls frames and a brain", () => {
  assert.equal(recording.frames.length, conversationJson.frames.length);
  assert.equal(brain.nodes.length, brainJson.nodes.length);
});
