import assert from "node:assert/strict";
import { test } from "node:test";
import { readCause } from "./read-cause.ts";
import { openclawCalls } from "./testing/openclaw-calls.ts";

const expected: Record<string, string | undefined> = {
  chat: undefined,
  "tool loop": undefined,
  "chat that calls a sub-agent": undefined,
  "cron job in a session of its own": "cron",
  "cron reminder in the main session": "cron",
  heartbeat: "heartbeat",
  "sub-agent": "subagent",
};

for (const { what, api, body } of await openclawCalls()) {
  test(`a real bot's ${what} (${api}) is told as ${expected[what] ?? "nothing in particular"}`, () => {
    assert.ok(what in expected, what);
    assert.equal(readCause(body.messages), expected[what]);
  });
}

test("a turn keeps its cause while its tools are called", async () => {
  const calls = await openclawCalls();
  const [cron] = calls.filter(({ what }) => what.startsWith("cron job"));
  const [loop] = calls.filter(({ what }) => what === "tool loop").slice(-1);
  assert.ok(cron && loop);
  const exchange = loop.body.messages.slice(-3);
  assert.equal(readCause([...cron.body.messages, ...exchange]), "cron");
});

test("words that only look like it, from a person or in a tool's result, are not taken for it", () => {
  const stamp = "[Mon 2026-11-23 00:15 UTC] ";
  for (const text of [
    `${stamp}[cron:1 x] do it`,
    `${stamp}A scheduled reminder has been triggered.`,
    "What does [Subagent Context] You are running as a subagent mean?",
    `${stamp}${stamp}[Subagent Context] You are running as a subagent`,
  ]) {
    assert.equal(readCause([{ role: "user", content: text }]), undefined, text);
  }
  const result = { type: "tool_result", tool_use_id: "1", content: "[cron:1 x] do it" };
  const asked = { role: "user", content: [{ type: "text", text: `${stamp}list my jobs` }] };
  assert.equal(readCause([asked, { role: "user", content: [result] }]), undefined);
});

test("OpenAI's Responses format is read the same way", () => {
  const part = { type: "input_text", text: "[cron:1 Say good morning] Say good morning." };
  const items = [
    { role: "user", content: [part] },
    { type: "function_call", call_id: "1", name: "exec", arguments: "{}" },
    { type: "function_call_output", call_id: "1", output: "ok" },
  ];
  assert.equal(readCause(items), "cron");
  assert.equal(readCause("[cron:1 x] do"), "cron");
});

test("nonsense has no cause", () => {
  for (const turns of [
    undefined,
    null,
    7,
    {},
    [],
    [null, 7, "x"],
    [{ role: "user" }],
    [{ role: "user", content: [null, 7] }],
  ]) {
    assert.equal(readCause(turns), undefined);
  }
});
