import assert from "node:assert/strict";
import { test } from "node:test";
import type { BotView, Message, ServerFrame } from "@molt/contract";
import { awaiting, empty, heldSeq, reduce, toSend, type Deed, type Transcript } from "./transcript.ts";

const at = "2026-11-22T12:00:00.000Z";
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const bot: BotView = {
  id: id(900),
  status: "running",
  step: "ready",
  stepSince: at,
  failure: null,
  createdAt: at,
  lastActiveAt: at,
};
const mine = (seq: number, more: Partial<Message> = {}): Message => ({
  id: id(seq),
  seq,
  role: "user",
  text: `u${seq}`,
  state: "queued",
  at,
  clientId: id(100 + seq),
  replyTo: null,
  ...more,
});
const its = (seq: number, replyTo: string | null, more: Partial<Message> = {}): Message => ({
  id: id(seq),
  seq,
  role: "bot",
  text: `b${seq}`,
  state: "final",
  at,
  clientId: null,
  replyTo,
  ...more,
});
const frame = (f: ServerFrame): Deed => ({ type: "frame", frame: f, at });
const play = (deeds: Deed[], from: Transcript = empty) => deeds.reduce(reduce, from);
const write = (clientId: string, text: string): Deed => ({ type: "write", clientId, text, at });
const delta = (replyTo: string, from: number, text: string) => frame({ t: "delta", replyTo, at: from, text });
const message = (m: Message) => frame({ t: "message", message: m });
const welcome = (lastSeq: number) => frame({ t: "welcome", bot, lastSeq });

test("a message stands there the moment it is written, and stays one through ack and echo", () => {
  const written = play([write(id(101), "hello")]);
  assert.deepEqual(
    written.pending.map((p) => [p.text, p.state]),
    [["hello", "queued"]],
  );
  const acked = play([frame({ t: "ack", clientId: id(101), id: id(1), seq: 1 })], written);
  assert.equal(acked.pending.length, 0);
  const echoed = play([message(mine(1, { text: "hello", state: "delivered" }))], acked);
  assert.deepEqual(
    echoed.messages.map((m) => [m.seq, m.text, m.state]),
    [[1, "hello", "delivered"]],
  );
});

test("F72 ten messages written offline are all sent, in order, and once more after a lost ack", () => {
  const ids = Array.from({ length: 10 }, (_, i) => id(200 + i));
  const offline = play(ids.map((clientId, i) => write(clientId, `m${i}`)));
  assert.deepEqual(
    toSend(offline).map((p) => p.clientId),
    ids,
  );
  const sent = play([{ type: "sent", clientIds: ids }], offline);
  assert.equal(toSend(sent).length, 0);
  const acked = play(
    [frame({ t: "ack", clientId: ids[0] ?? "", id: id(1), seq: 1 }), { type: "lost" }],
    sent,
  );
  assert.deepEqual(
    toSend(acked).map((p) => p.clientId),
    ids.slice(1),
  );
});

test("I6 the same messages in any order and any number give one ordered list", () => {
  const all = [mine(1), its(2, id(1)), mine(3), its(4, id(3))];
  const orders = [all, all.toReversed(), [...all, ...all], [all[2], all[0], all[3], all[1], all[0]]];
  for (const order of orders) {
    const t = play(order.filter((m) => m !== undefined).map(message));
    assert.deepEqual(
      t.messages.map((m) => m.seq),
      [1, 2, 3, 4],
    );
  }
});

test("a hole in the list is asked for again, not skipped", () => {
  assert.equal(heldSeq(empty), 0);
  assert.equal(heldSeq(play([message(mine(5)), message(its(6, id(5))), message(mine(8))])), 6);
});

test("deltas build the running reply; the final message takes its place", () => {
  const t = play([message(mine(1)), delta(id(1), 0, "Hel"), delta(id(1), 3, "lo")]);
  assert.equal(t.running?.text, "Hello");
  const done = play([message(its(2, id(1), { text: "Hello" }))], t);
  assert.equal(done.running, null);
  assert.equal(done.messages.length, 2);
});

test("a delta that overlaps is no stutter, and one that restarts begins anew", () => {
  const t = play([delta(id(1), 0, "Hello wor"), delta(id(1), 6, "world")]);
  assert.equal(t.running?.text, "Hello world");
  assert.equal(play([delta(id(1), 0, "Again")], t).running?.text, "Again");
});

test("F61 a delta without its beginning asks for a new start", () => {
  assert.equal(play([delta(id(1), 40, "lost its head")]).gap, true);
  assert.equal(play([delta(id(1), 40, "x"), welcome(0)]).gap, false);
});

test("F61 a reply that was running when the socket was lost goes on where it is, or ends with the first pong", () => {
  const lost = play([message(mine(1)), delta(id(1), 0, "Half a"), { type: "lost" }, welcome(1)]);
  assert.equal(lost.running?.text, "Half a");
  assert.equal(play([delta(id(1), 0, "Half a sentence")], lost).running?.doubtful, false);
  assert.equal(play([frame({ t: "pong" })], lost).running, null);
});

test("a late delta does not wake a reply that is finished", () => {
  const t = play([message(mine(1)), message(its(2, id(1))), delta(id(1), 0, "late")]);
  assert.equal(t.running, null);
});

test("stop works at once: what still comes is dropped until the stopped message stands there", () => {
  const t = play([
    message(mine(1)),
    delta(id(1), 0, "One two"),
    { type: "stop", messageId: id(1) },
    delta(id(1), 7, " three"),
  ]);
  assert.equal(t.running?.text, "One two");
  const ended = play([message(its(2, id(1), { text: "One two", state: "stopped" }))], t);
  assert.equal(ended.running, null);
  assert.equal(ended.stopped, null);
});

test("a refused message keeps its text and says why; retry sends it again", () => {
  const t = play([
    write(id(101), "too fast"),
    frame({ t: "error", code: "rate_limited", message: "Wait a minute.", clientId: id(101) }),
  ]);
  assert.deepEqual([t.pending[0]?.state, t.pending[0]?.reason], ["failed", "Wait a minute."]);
  assert.equal(toSend(t).length, 0);
  assert.equal(toSend(play([{ type: "retry", clientId: id(101) }], t)).length, 1);
  assert.equal(play([{ type: "discard", clientId: id(101) }], t).pending.length, 0);
});

test("a mailbox shorter than ours is another one: nothing of the old is shown in it", () => {
  const t = play([message(mine(1)), message(its(2, id(1))), welcome(0)]);
  assert.deepEqual([t.messages.length, t.gap], [0, true]);
});

test("an older page goes before, and a newer copy of a known message wins", () => {
  const t = play([
    message(mine(3)),
    { type: "page", messages: [mine(1), its(2, id(1)), mine(3, { state: "answered" })], hasMore: true },
  ]);
  assert.deepEqual(
    t.messages.map((m) => [m.seq, m.state]),
    [
      [1, "queued"],
      [2, "final"],
      [3, "answered"],
    ],
  );
  assert.equal(t.hasMore, true);
});

test("who waits for an answer is known, and nobody is when all is answered", () => {
  const t = play([message(mine(1))]);
  assert.equal(awaiting(t)?.id, id(1));
  assert.equal(awaiting(play([frame({ t: "state", id: id(1), state: "answered" })], t)), null);
});

test("an answer closes its question, also when the frame that said so came while nobody was here", () => {
  const cached: Deed = { type: "restored", messages: [mine(1, { state: "delivered" })], pending: [] };
  const t = play([cached, welcome(2), message(its(2, id(1)))]);
  assert.equal(t.messages[0]?.state, "answered");
  assert.equal(awaiting(t), null);
});

test("an unsent message of an earlier visit is queued again, whatever it was", () => {
  const t = play([
    {
      type: "restored",
      messages: [],
      pending: [{ clientId: id(1), text: "old", at, state: "sent", reason: null }],
    },
  ]);
  assert.deepEqual(
    toSend(t).map((p) => p.text),
    ["old"],
  );
});

test("a refusal that belongs to no message is a notice, and can be put away", () => {
  const t = play([frame({ t: "error", code: "no_subscription", message: "Paused.", clientId: null })]);
  assert.equal(t.notice, "Paused.");
  assert.equal(play([{ type: "dismiss" }], t).notice, null);
});
