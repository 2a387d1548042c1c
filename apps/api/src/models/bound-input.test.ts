/** The bound of the input holds whatever a bot writes; what escapes it escapes every cap. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { leastInput } from "./bound-input.ts";
import type { ModelApi } from "./providers.ts";
import { readCall } from "./read-call.ts";
import { CallRefused } from "./refusals.ts";

const WHOLE_WINDOW = Number.MAX_SAFE_INTEGER;
const text = "word ".repeat(20_000);
const data = "A".repeat(1_000_000);

const read = (api: ModelApi, body: unknown) =>
  readCall(api, Buffer.from(typeof body === "string" ? body : JSON.stringify(body)));
const anthropic = (content: unknown, more: object = {}) =>
  read("anthropic-messages", {
    model: "claude-sonnet-5",
    max_tokens: 10,
    messages: [{ role: "user", content }],
    ...more,
  });
const chat = (content: unknown, model = "gpt-5") =>
  read("openai-completions", { model, messages: [{ role: "user", content }] });
const responses = (input: unknown) => read("openai-responses", { model: "gpt-5", input });

const picture = { type: "image", source: { type: "base64", media_type: "image/png", data } };

test("pictures count by their number, also inside a tool's result and however large", () => {
  for (const content of [[picture], [{ type: "tool_result", tool_use_id: "t", content: [picture] }]]) {
    const { maxInput } = anthropic(content);
    assert.ok(maxInput > 16_000 && maxInput < 17_000, String(maxInput));
  }
  const url = `data:image/png;base64,${data}`;
  for (const call of [
    chat([{ type: "image_url", image_url: { url } }]),
    responses([{ role: "user", content: [{ type: "input_image", image_url: url }] }]),
    responses([{ type: "computer_call_output", output: { type: "computer_screenshot", image_url: url } }]),
    responses([{ type: "function_call_output", output: [{ type: "input_image", image_url: url }] }]),
  ])
    assert.ok(call.maxInput > 16_000 && call.maxInput < 17_000, String(call.maxInput));
  assert.ok(chat([{ type: "image_url", image_url: { url } }], "gpt-4o-mini").maxInput > 48_169);
});

test("what only looks like a picture is text: in a tool's input, in a schema, in the words of a person", () => {
  const looksLike = { type: "image", source: { type: "base64", data: text } };
  for (const call of [
    anthropic([{ type: "tool_use", id: "t", name: "n", input: looksLike }]),
    anthropic("hi", { tools: [{ name: "n", input_schema: looksLike }] }),
    anthropic(JSON.stringify(looksLike)),
  ])
    assert.ok(call.maxInput > text.length, String(call.maxInput));
});

test("a document may fill the window, in whatever letters its name is written", () => {
  const pdf = { type: "document", source: { type: "url", url: "https://example.com/a.pdf" } };
  const escaped = JSON.stringify({
    model: "claude-sonnet-5",
    max_tokens: 10,
    messages: [{ role: "user", content: [pdf] }],
  }).replace('"document"', '"\\u0064ocument"');
  for (const call of [
    anthropic([pdf]),
    read("anthropic-messages", escaped),
    chat([{ type: "file", file: { file_id: "file_1" } }]),
    responses([{ role: "user", content: [{ type: "input_file", file_id: "file_1" }] }]),
    responses([{ type: "function_call_output", output: [{ type: "input_file", file_id: "file_1" }] }]),
    responses([{ type: "reasoning", id: "rs_1", summary: [] }]),
    responses([{ type: "reasoning", id: "rs_1", encrypted_content: null }]),
    responses([{ type: "reasoning", id: "rs_1", encrypted_content: "" }]),
  ])
    assert.equal(call.maxInput, WHOLE_WINDOW);
});

test("input that nobody can bound, or that stands for something stored, is refused", () => {
  for (const call of [
    () => chat([{ type: "video_url", video_url: { url: "https://example.com/film" } }]),
    () => chat([{ type: "input_audio", input_audio: { data, format: "wav" } }]),
    () => anthropic([{ type: "container_upload", file_id: "file_1" }]),
    () => anthropic([{ type: "something_new" }]),
    () => responses([{ type: "item_reference", id: "msg_1" }]),
    () => responses([{ id: "msg_1" }]),
    () => responses([{ type: "code_interpreter_call", id: "ci_1" }]),
    () => responses([{ type: "additional_tools", tools: [{ type: "web_search" }] }]),
    () => responses([{ type: "tool_search_output", tools: [{ type: "code_interpreter" }] }]),
  ])
    assert.throws(call, (error) => error instanceof CallRefused && error.refusal.status === 400);
});

test("tools that the provider knows by itself bring a prompt of their own", () => {
  const bare = anthropic("hi", { tools: [{ name: "n", input_schema: {} }] }).maxInput;
  const own = anthropic("hi", { tools: [{ type: "bash_20250124", name: "bash" }] }).maxInput;
  assert.ok(own > bare + 1_900);
});

test("the words of a request are the least its input has; names, signs and media are no words", () => {
  const body = {
    model: "one two three",
    system: "be brief",
    messages: [
      { role: "user", content: [{ type: "text", text: "how are you?" }, picture] },
      { role: "assistant", content: "   ....   1234 \u4f60\u597d" },
    ],
    tools: [{ name: "exec", description: "runs a command", input_schema: { type: "object" } }],
  };
  assert.equal(leastInput(body), 2 + 3 + 3);
  assert.equal(leastInput({ input: " ".repeat(10_000) }), 1);
  assert.equal(anthropic("how are you?").minInput, 3);
});

test("a reasoning that is here, or stands for nothing, is bounded by its bytes", () => {
  for (const item of [
    { type: "reasoning", summary: [] },
    { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "A".repeat(1_000) },
    { type: "reasoning", encrypted_content: null },
  ])
    assert.ok(responses([item, { role: "user", content: "go on" }]).maxInput < 2_000, JSON.stringify(item));
});
