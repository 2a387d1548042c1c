import assert from "node:assert/strict";
import { test } from "node:test";
import { brain } from "@molt/contract";
import { buildBrain, type MindSources } from "./build-brain.ts";

const at = new Date("2026-11-22T12:00:00Z");
const empty: MindSources = { files: [], skills: [], tools: [], jobs: [], sessions: [] };

function file(name: string, text: string) {
  return { name, size: text.length, updatedAt: at.toISOString(), text };
}

test("a bot without anything has a self", () => {
  const picture = brain.parse(buildBrain(empty, at));
  assert.deepEqual(
    picture.nodes.map((node) => node.id),
    ["self"],
  );
});

test("each list item of a memory file is a memory that hangs on its file", () => {
  const picture = buildBrain(
    {
      ...empty,
      files: [file("MEMORY.md", "# Memory\n\n- Likes orchids.\n- [x] Birthday on 4 May\nNot a memory\n")],
    },
    at,
  );
  assert.deepEqual(
    picture.nodes.filter((node) => node.kind === "memory").map((node) => node.label),
    ["MEMORY", "Likes orchids.", "Birthday on 4 May"],
  );
  assert.deepEqual(picture.edges.at(-1), { from: "file:MEMORY.md", to: "memory:MEMORY.md:1" });
});

test("character files belong to the self, not to its memories", () => {
  const picture = buildBrain({ ...empty, files: [file("SOUL.md", "- Be kind")] }, at);
  assert.deepEqual(
    picture.nodes.map((node) => [node.kind, node.label]),
    [
      ["self", "Self"],
      ["self", "Character"],
    ],
  );
});

test("only skills the bot can use and schedules of its user are shown", () => {
  const skill = {
    name: "weather",
    description: "Looks outside",
    disabled: false,
    eligible: true,
    modelVisible: true,
  };
  const job = {
    id: "1",
    name: "Water the orchids",
    enabled: true,
    schedule: { kind: "cron", expr: "0 9 * * 6" },
    state: {},
  };
  const picture = buildBrain(
    {
      ...empty,
      skills: [skill, { ...skill, name: "off", disabled: true }],
      jobs: [job, { ...job, id: "2", declarationKey: "internal" }, { ...job, id: "3", enabled: false }],
    },
    at,
  );
  assert.deepEqual(
    picture.nodes.slice(1).map((node) => [node.id, node.detail]),
    [
      ["skills", null],
      ["skill:weather", "Looks outside"],
      ["schedule:1", "cron 0 9 * * 6"],
    ],
  );
});

test("F89 a huge mind is cut to a picture that still fits its contract", () => {
  const long = Array.from({ length: 5000 }, (_, i) => `- memory ${i} ${"x".repeat(1000)}`).join("\n");
  const files = Array.from({ length: 200 }, (_, i) => file(`memory/${i}.md`, long));
  const picture = brain.parse(buildBrain({ ...empty, files }, at));
  assert.ok(picture.nodes.length < 400);
  assert.ok(picture.files.every((one) => one.truncated && one.text.length <= 32_768));
});

test("tools hang on their subject, and a subject without any is not shown", () => {
  const tools = [
    { id: "fs", label: "Files", tools: [{ id: "apply_patch", description: "Patch files" }] },
    { id: "nodes", label: "Nodes", tools: [] },
  ];
  const picture = buildBrain({ ...empty, tools }, at);
  assert.deepEqual(
    picture.nodes.slice(1).map((node) => [node.id, node.label]),
    [
      ["tools:fs", "Files"],
      ["tool:apply_patch", "apply patch"],
    ],
  );
  assert.deepEqual(picture.edges, [
    { from: "self", to: "tools:fs" },
    { from: "tools:fs", to: "tool:apply_patch" },
  ]);
});

test("the conversation that only warms a gateway up is no part of a mind", () => {
  const sessions = [{ key: "agent:main:warm-up" }, { key: "agent:main:main-chat" }];
  const picture = buildBrain({ ...empty, sessions }, at);
  assert.deepEqual(
    picture.nodes.slice(1).map((node) => node.label),
    ["Our conversation"],
  );
});
