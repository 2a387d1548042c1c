import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelApi } from "./providers.ts";
import { readCall, withBothLimits } from "./read-call.ts";
import { CallRefused } from "./refusals.ts";

const read = (api: ModelApi, body: unknown) =>
  readCall(api, Buffer.from(typeof body === "string" ? body : JSON.stringify(body)));
const chat = { model: "gpt-5", messages: [{ role: "user", content: "hi" }] };

test("a request that lacks nothing goes out byte for byte as it came", () => {
  const text =
    '{ "model":"gpt-5",\n "max_completion_tokens": 10, "seed": 12345678901234567890, "messages": [] }';
  assert.equal(read("openai-completions", text).body.toString(), text);
});

test("a missing limit and the usage report are asked for in front of the bytes, which stay as they are", () => {
  const text = '{"model":"gpt-5","stream":true,"seed":12345678901234567890,"messages":[]}';
  const call = read("openai-completions", text);
  assert.ok(call.body.toString().endsWith(text.slice(1)));
  const sent = JSON.parse(call.body.toString());
  assert.deepEqual([sent.max_completion_tokens, sent.stream_options], [8192, { include_usage: true }]);
  assert.deepEqual([call.dropUsageChunk, call.maxOutput], [true, 8192]);
});

test("a client's own stream options are kept when the usage is asked for", () => {
  const call = read("openai-completions", {
    ...chat,
    stream: true,
    stream_options: { include_obfuscation: false },
  });
  assert.deepEqual(JSON.parse(call.body.toString()).stream_options, {
    include_obfuscation: false,
    include_usage: true,
  });
});

test("of two limits of the output the larger one is reserved, and another format's is none", () => {
  const two = { ...chat, max_completion_tokens: 1, max_tokens: 90_000 };
  assert.equal(read("openai-completions", two).maxOutput, 90_000);
  const call = read("openai-responses", { model: "gpt-5", input: "hi", max_tokens: null });
  assert.deepEqual([call.maxOutput, JSON.parse(call.body.toString()).max_output_tokens], [8192, 8192]);
  assert.throws(() => read("openai-responses", { model: "gpt-5", input: "hi", max_tokens: 1 }), CallRefused);
});

test("a server that knows one name of the limit gets the number under both, the rest as it came", () => {
  const sent = (body: object) => withBothLimits(read("openai-completions", body)).toString();
  const text = JSON.stringify({ ...chat, max_tokens: 100, max_completion_tokens: 100 });
  assert.equal(withBothLimits(read("openai-completions", text)).toString(), text);
  for (const [body, limit] of [
    [chat, 8192],
    [{ ...chat, max_completion_tokens: 1 }, 1],
    [{ ...chat, max_tokens: 7, n: 3 }, 7],
    [{ ...chat, max_tokens: 90_000, max_completion_tokens: 1 }, 90_000],
    [{ ...chat, max_tokens: null }, 8192],
  ] as const) {
    const { max_tokens, max_completion_tokens, messages } = JSON.parse(sent(body));
    assert.deepEqual([max_tokens, max_completion_tokens, messages], [limit, limit, chat.messages]);
  }
  const response = read("openai-responses", { model: "gpt-5", input: "hi" });
  assert.equal(withBothLimits(response), response.body);
});

test("a cache for an hour is seen however it is spelled, and nothing else is taken for one", () => {
  const part = (cache: unknown) => ({ type: "text", text: "hi", cache_control: cache });
  const hour = { type: "ephemeral", ttl: "1h" };
  const ask = (...caches: unknown[]) => ({
    model: "claude-sonnet-5",
    max_tokens: 10,
    messages: [{ role: "user", content: caches.map(part) }],
  });
  const forAnHour = (body: unknown) => read("anthropic-messages", body).cachesForAnHour;
  assert.equal(forAnHour(ask(hour)), true);
  assert.equal(forAnHour(ask({ type: "ephemeral" }, hour)), true);
  assert.equal(forAnHour(JSON.stringify(ask(hour)).replace('"1h"', '"\\u0031h"')), true);
  assert.equal(forAnHour(JSON.stringify(ask(hour)).replace("cache_control", "cache_contr\\u006fl")), true);
  assert.equal(forAnHour(ask({ type: "ephemeral", ttl: "5m" })), false);
  assert.equal(
    forAnHour({ ...ask(), messages: [{ role: "user", content: "see you in 1h, ttl 1h" }] }),
    false,
  );
  const tools = [{ name: "n", input_schema: {}, cache_control: hour }];
  assert.equal(forAnHour({ ...ask(), tools }), true);
  const mixed = { model: "anthropic/claude-sonnet-5", messages: ask(hour, { type: "ephemeral" }).messages };
  assert.throws(() => read("openai-completions", mixed), /same ttl/);
  assert.equal(read("openai-completions", { ...mixed, messages: ask(hour).messages }).cachesForAnHour, true);
});

test("several choices may each use the whole limit", () => {
  assert.equal(read("openai-completions", { ...chat, n: 3, max_tokens: 100 }).maxOutput, 300);
});

test("a picture is bounded by what providers count for one, a document by the model's window", () => {
  const picture = {
    type: "image",
    source: { type: "base64", media_type: "image/png", data: "A".repeat(100_000) },
  };
  const base = { model: "claude-sonnet-5", max_tokens: 10 };
  const { maxInput } = read("anthropic-messages", {
    ...base,
    messages: [{ role: "user", content: [picture] }],
  });
  assert.ok(maxInput > 16_000 && maxInput < 17_000, String(maxInput));
  const document = { type: "document", source: { type: "url", url: "https://example.com/a.pdf" } };
  assert.equal(
    read("anthropic-messages", { ...base, messages: [{ role: "user", content: [document] }] }).maxInput,
    Number.MAX_SAFE_INTEGER,
  );
});

for (const { name, api, body } of [
  { name: "no JSON", api: "anthropic-messages", body: "{" },
  { name: "a list", api: "anthropic-messages", body: [] },
  { name: "no model", api: "openai-responses", body: { input: "hi" } },
  {
    name: "no max_tokens at Anthropic",
    api: "anthropic-messages",
    body: { model: "claude-sonnet-5", messages: [] },
  },
  { name: "a negative limit", api: "openai-completions", body: { ...chat, max_tokens: -1 } },
  { name: "a fraction of a token", api: "openai-completions", body: { ...chat, max_tokens: 1.5 } },
  { name: "a hundred choices", api: "openai-completions", body: { ...chat, n: 100 } },
  {
    name: "an answer for later",
    api: "openai-responses",
    body: { model: "gpt-5", input: "hi", background: true },
  },
  {
    name: "a stored conversation",
    api: "openai-responses",
    body: { model: "gpt-5", input: "hi", previous_response_id: "resp_1" },
  },
  {
    name: "a second model in capital letters",
    api: "openai-completions",
    body: { ...chat, MODEL: "gpt-5-pro" },
  },
  ...["models", "preset", "plugins", "provider", "route", "prediction"].map(
    (field) =>
      ({
        name: `a request with ${field}`,
        api: "openai-completions",
        body: { ...chat, [field]: ["x"] },
      }) as const,
  ),
  { name: "sound", api: "openai-completions", body: { ...chat, modalities: ["text", "audio"] } },
] as const) {
  test(`${name} is refused with a 400 that says why`, () => {
    assert.throws(
      () => read(api, body),
      (error) => error instanceof CallRefused && error.refusal.status === 400 && error.message !== "",
    );
  });
}
