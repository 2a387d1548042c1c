/** The demo model as a process: what it says, what it does with tools, and that it counts alike. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { calculate, findCalculation } from "./arithmetic.ts";
import { countTokens, tokenize } from "./tokens.ts";

async function start(t: TestContext, env: Record<string, string> = {}): Promise<string> {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { DELAY_MS: "0", CONTROL: "1", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  t.after(async () => {
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
  });
  const [line] = await once(createInterface(child.stdout), "line");
  return (JSON.parse(String(line)) as { url: string }).url;
}

interface Reply {
  content: { type: string; text?: string; name?: string; input?: Record<string, unknown> }[];
  stop_reason: string;
  usage: Record<string, number>;
}

async function ask(url: string, body: object): Promise<Reply> {
  const answer = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": "any" },
    body: JSON.stringify({ model: "molt-demo-1", max_tokens: 1_000, ...body }),
  });
  assert.equal(answer.status, 200);
  return (await answer.json()) as Reply;
}

const textOf = (reply: Reply) => reply.content.map((block) => block.text ?? "").join("");
const user = (content: unknown) => ({ role: "user", content });

test("it says that it is a demo and how to get a real one, whatever it is asked", async (t) => {
  const url = await start(t);
  for (const words of [
    "hello",
    "what is 12 * (3 + 4)?",
    "who are you?",
    "a plan for my garden",
    "Tell me about whales",
  ]) {
    const text = textOf(await ask(url, { messages: [user(words)] }));
    assert.match(text, /demo model of Molt-OS.*ANTHROPIC_API_KEY/);
    if (words.startsWith("what is")) assert.match(text, /= 84\b/);
    if (words.includes("whales")) assert.match(text, /> Tell me about whales/);
  }
});

test("it answers the person and not OpenClaw's own context behind the words", async (t) => {
  const url = await start(t);
  const context =
    "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nThe person likes turtles.\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>";
  const messages = [
    user("[Sun 2026-11-22 21:00 UTC] Tell me about whales"),
    user([{ type: "text", text: context }]),
  ];
  const text = textOf(await ask(url, { messages }));
  assert.match(text, /> Tell me about whales/);
  assert.doesNotMatch(text, /turtles|21:00/);
});

test("asked to remember, it reads the memory file and then adds a line without writing over the rest", async (t) => {
  const url = await start(t);
  const tool = (name: string, ...parameters: string[]) => ({
    name,
    input_schema: {
      type: "object",
      properties: Object.fromEntries(parameters.map((key) => [key, { type: "string" }])),
    },
  });
  const tools = [
    tool("read", "path"),
    tool("write", "path", "content"),
    tool("edit", "path", "edits"),
    tool("exec", "command"),
  ];
  const asked = user("Please remember that I like green tea");
  const first = await ask(url, { tools, messages: [asked] });
  assert.deepEqual(
    [first.stop_reason, first.content[0]?.name, first.content[0]?.input],
    ["tool_use", "read", { path: "MEMORY.md" }],
  );
  const after = (result: string) => [
    asked,
    {
      role: "assistant",
      content: [{ type: "tool_use", id: "t1", name: "read", input: { path: "MEMORY.md" } }],
    },
    user([{ type: "tool_result", tool_use_id: "t1", content: result }]),
  ];
  const fresh = await ask(url, { tools, messages: after("ENOENT: no such file") });
  assert.deepEqual(
    [fresh.content[0]?.name, fresh.content[0]?.input],
    ["write", { path: "MEMORY.md", content: "# Memory\n\n- I like green tea\n" }],
  );
  const known = await ask(url, { tools, messages: after("# Memory\n\n- I have a cat\n") });
  const edits = [{ oldText: "- I have a cat", newText: "- I have a cat\n- I like green tea" }];
  assert.deepEqual([known.content[0]?.name, known.content[0]?.input], ["edit", { path: "MEMORY.md", edits }]);
  const done = await ask(url, {
    tools,
    messages: [
      ...after("# Memory\n"),
      { role: "assistant", content: [{ type: "tool_use", id: "t2", name: "edit", input: {} }] },
      user([{ type: "tool_result", tool_use_id: "t2", content: "ok" }]),
    ],
  });
  assert.match(textOf(done), /Noted in `MEMORY\.md`:\n\n- I like green tea/);
});

test("max_tokens cuts the answer at that many tokens and says so", async (t) => {
  const url = await start(t);
  const reply = await ask(url, { max_tokens: 7, messages: [user("hello")] });
  assert.deepEqual(
    [reply.stop_reason, reply.usage["output_tokens"], countTokens(textOf(reply))],
    ["max_tokens", 7, 7],
  );
});

test("a marked prefix is written on first sight and read on the next, and the rest is counted each time", async (t) => {
  const url = await start(t);
  const text = "One of the rules of this house. ".repeat(400);
  const system = [{ type: "text", text, cache_control: { type: "ephemeral" } }];
  const usages = [];
  for (const words of ["hello", "hello again"])
    usages.push((await ask(url, { system, messages: [user(words)] })).usage);
  const [first, second] = usages;
  assert.deepEqual(
    [first?.["cache_creation_input_tokens"], first?.["cache_read_input_tokens"]],
    [countTokens(text), 0],
  );
  assert.deepEqual(
    [second?.["cache_creation_input_tokens"], second?.["cache_read_input_tokens"]],
    [0, countTokens(text)],
  );
  assert.equal(second?.["input_tokens"], countTokens("hello again"));
});

test("the truth is on the disk before the answer, and a wrong key has none", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "molt-models-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const url = await start(t, { DATA_DIR: folder, API_KEY: "any" });
  const reply = await ask(url, { messages: [user("hello")] });
  const [line, ...more] = (await readFile(join(folder, "truth.jsonl"), "utf8")).trim().split("\n");
  const entry = JSON.parse(line ?? "");
  assert.deepEqual(
    [entry.usage.output, entry.usage.uncached, more.length],
    [reply.usage["output_tokens"], reply.usage["input_tokens"], 0],
  );
  const wrong = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": "wrong" },
    body: "{}",
  });
  assert.equal(wrong.status, 401);
});

test("bad requests get the provider's own error", async (t) => {
  const url = await start(t);
  for (const [body, status] of [
    ["{", 400],
    ["[]", 400],
    ['{"model":"molt-demo-1","messages":[{"role":"user","content":"x"}]}', 400],
    ['{"model":"other","messages":[]}', 404],
  ] as const) {
    const answer = await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": "any" },
      body,
    });
    assert.equal(answer.status, status, body);
    assert.equal(((await answer.json()) as { type: string }).type, "error");
  }
});

test("without CONTROL=1 nobody can make it fail or read its log", async (t) => {
  const url = await start(t, { CONTROL: "" });
  for (const path of ["/__truth", "/__control"]) assert.equal((await fetch(url + path)).status, 404);
});

test("tokens joined are the text again, each at most six characters long", () => {
  for (const text of ["", " ", "Hello there", "unbelievable\n\n  x ", "a\tb\n"])
    assert.equal(tokenize(text).join(""), text);
  assert.equal(countTokens("Hello unbelievable"), 3);
});

for (const [text, result] of [
  ["2+3*4", 14],
  ["(2+3)*4", 20],
  ["2^3^2", 512],
  ["-3 + 5", 2],
  ["10/4", 2.5],
  ["7 x 6", 42],
  ["1/0", Infinity],
  ["2+", undefined],
  ["(2", undefined],
] as const) {
  test(`the calculator says ${result} to ${text}`, () => assert.equal(calculate(text), result));
}

test("a number in a sentence is no calculation", () => {
  for (const text of ["I am 42", "version 3.1.4", "no numbers"])
    assert.equal(findCalculation(text), undefined, text);
});
