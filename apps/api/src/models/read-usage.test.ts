import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { noTokens } from "./cost.ts";
import type { ModelApi } from "./providers.ts";
import { estimateTokens, UsageReader } from "./read-usage.ts";

function read(api: ModelApi, stream: string, cuts: readonly number[] = []): UsageReader {
  const reader = new UsageReader(api, true);
  const bytes = Buffer.from(stream);
  let from = 0;
  for (const cut of [...cuts, bytes.length].toSorted((a, b) => a - b)) {
    if (cut > from) reader.push(bytes.subarray(from, Math.min(cut, bytes.length)));
    from = Math.max(from, Math.min(cut, bytes.length));
  }
  reader.end();
  return reader;
}

const sse = (...events: object[]) =>
  events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join("");

/** As Anthropic documents it: input and cache at the start, the output cumulative in message_delta. */
const anthropic = sse(
  {
    type: "message_start",
    message: {
      usage: {
        input_tokens: 21,
        cache_creation_input_tokens: 300,
        cache_read_input_tokens: 4000,
        cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
        output_tokens: 1,
      },
    },
  },
  {
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: 'he said \\"usage\\": 5 "usage" ü' },
  },
  { type: "message_delta", delta: { stop_reason: null }, usage: { output_tokens: 9 } },
  {
    type: "message_delta",
    delta: { stop_reason: "end_turn" },
    usage: { output_tokens: 15, cache_read_input_tokens: null },
  },
  { type: "message_stop" },
);
const anthropicTokens = {
  input: 21,
  cacheRead: 4000,
  cacheWrite: 100,
  cacheWrite1h: 200,
  output: 15,
  reasoning: 0,
};

test("F97 message_delta is cumulative: the last number counts and nothing is added", () => {
  const { reading } = read("anthropic-messages", anthropic);
  assert.deepEqual([reading.tokens, reading.isFinal, reading.nonsense], [anthropicTokens, true, undefined]);
});

test("F97 numbers are read wherever the chunks are cut, with either line ending", () => {
  for (const stream of [anthropic, anthropic.replaceAll("\n", "\r\n")]) {
    fc.assert(
      fc.property(fc.array(fc.nat(Buffer.byteLength(stream)), { maxLength: 40 }), (cuts) => {
        const { reading } = read("anthropic-messages", stream, cuts);
        assert.deepEqual([reading.tokens, reading.isFinal], [anthropicTokens, true]);
      }),
      { numRuns: 200 },
    );
  }
});

test("OpenAI's cached and written tokens are parts of the input, reasoning a part of the output", () => {
  const chat = sse(
    { choices: [{ delta: { content: "hi" } }], usage: null },
    {
      choices: [],
      usage: {
        prompt_tokens: 100,
        completion_tokens: 40,
        total_tokens: 140,
        prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
        completion_tokens_details: { reasoning_tokens: 30 },
      },
    },
  );
  const tokens = { input: 30, cacheRead: 60, cacheWrite: 10, cacheWrite1h: 0, output: 40, reasoning: 30 };
  assert.deepEqual(read("openai-completions", chat).reading.tokens, tokens);
  const responses = sse(
    { type: "response.created", response: { usage: null } },
    { type: "response.output_text.delta", delta: "hi" },
    {
      type: "response.completed",
      response: {
        usage: {
          input_tokens: 100,
          output_tokens: 40,
          input_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
          output_tokens_details: { reasoning_tokens: 30 },
        },
      },
    },
  );
  const { reading } = read("openai-responses", responses);
  assert.deepEqual([reading.tokens, reading.isFinal], [tokens, true]);
});

test("F95 parts that are more than the whole are nonsense", () => {
  const chat = sse({
    choices: [],
    usage: { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 6 } },
  });
  const { reading } = read("openai-completions", chat);
  assert.equal(reading.isFinal, false);
  assert.match(reading.nonsense ?? "", /cached parts/);
});

test("F92 an estimate counts the pieces that came, and stays below max_tokens", () => {
  const piece = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "word" } };
  const start = { type: "message_start", message: { usage: { input_tokens: 21, output_tokens: 1 } } };
  const { reading } = read("anthropic-messages", sse(start, ...Array.from({ length: 30 }, () => piece)));
  assert.deepEqual(estimateTokens(reading, 400, 500), { ...noTokens, input: 21, output: 30 });
  assert.equal(estimateTokens(reading, 400, 12).output, 12);
  const nothing = new UsageReader("openai-completions", true).reading;
  for (const unknown of [nothing, undefined])
    assert.deepEqual(estimateTokens(unknown, 1_000, 500), { ...noTokens, input: 1_000, output: 0 });
});

for (const { name, text, letters } of [
  { name: "a run of spaces is one", text: JSON.stringify(" ".repeat(400) + "end"), letters: 4 },
  { name: "escapes are one each", text: String.raw`"\u043f\u0440\u0438 \n\"\ud83d\ude00"`, letters: 8 },
  { name: "letters of several bytes are one each", text: '"приветतमिল"', letters: 10 },
  { name: "words have theirs", text: '"one two"', letters: 7 },
])
  test(`what an estimate of large pieces counts: ${name}`, () => {
    const { reading } = read("openai-responses", `data: {"type":"x.delta","delta":${text}}\n\n`);
    assert.deepEqual([reading.pieces, reading.letters], [1, letters]);
  });

test("an event is taken apart once, however often it says error and usage", (t) => {
  const words = Array.from({ length: 4_000 }, () => ({ error: 1, usage: 1 }));
  const echo = { type: "response.created", response: { error: null, tools: [{ enum: words }], usage: null } };
  const last = { type: "response.completed", response: { usage: { input_tokens: 7, output_tokens: 5 } } };
  const failed = { type: "x", error: { message: "usage", usage: {} } };
  const parse = t.mock.method(JSON, "parse");
  const { reading } = read("openai-responses", sse(echo, last, { error: null }, failed, echo));
  assert.equal(parse.mock.callCount(), 4);
  assert.deepEqual([reading.isFinal, reading.tokens.output, reading.failed], [true, 5, true]);
});

/** Each stream is cut before its numbers; its four pieces have seven letters. */
const unfinished: Record<ModelApi, string> = {
  "anthropic-messages": sse(
    { type: "message_start", message: { content: [], usage: { input_tokens: 21, output_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
    { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "c2ln" } },
    { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "üb" } },
    { type: "ping" },
    { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: "{}" } },
    { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: '"' } },
  ),
  "openai-completions": sse(
    { choices: [{ delta: { role: "assistant", content: "" } }], usage: null },
    { choices: [{ delta: { content: "hi" } }], usage: null },
    { choices: [{ delta: { reasoning: "hm", reasoning_content: "hm" } }], usage: null },
    { choices: [{ delta: { content: null, tool_calls: [{ function: { arguments: "{}" } }] } }] },
    { choices: [{ delta: { content: '"' } }], usage: null },
  ),
  "openai-responses": sse(
    { type: "response.created", response: { usage: null, error: null } },
    { type: "response.reasoning_text.delta", delta: "hm" },
    { type: "response.output_text.delta", delta: "hi", logprobs: [] },
    { type: "response.function_call_arguments.delta", delta: "{}" },
    { type: "response.output_text.delta", delta: '"' },
  ),
};

for (const [api, stream] of Object.entries(unfinished)) {
  test(`${api}: the pieces of an unfinished answer are counted once each, wherever it is cut in chunks`, () => {
    for (const text of [stream, stream.replaceAll("\n", "\r\n"), stream.replaceAll('":', '": ')]) {
      fc.assert(
        fc.property(fc.array(fc.nat(Buffer.byteLength(text)), { maxLength: 40 }), (cuts) => {
          // The keys of the record are the formats.
          const { reading } = read(api as ModelApi, text, cuts);
          assert.deepEqual([reading.pieces, reading.letters, reading.isFinal], [4, 7, false]);
          assert.equal(reading.failed, false);
        }),
        { numRuns: 100 },
      );
    }
  });
}

test("an event of ten megabytes in small reads is read in time, and numbers after it still count", () => {
  const big = { type: "response.output_item.done", item: { text: 'a "b" '.repeat(1_700_000) } };
  const last = { type: "response.completed", response: { usage: { input_tokens: 7, output_tokens: 5 } } };
  const bytes = Buffer.from(sse(big, last));
  const reader = new UsageReader("openai-responses", true);
  for (let at = 0; at < bytes.length; at += 16_384) reader.push(bytes.subarray(at, at + 16_384));
  assert.deepEqual([reader.reading.isFinal, reader.reading.tokens.output], [true, 5]);
});

test("who reports with every chunk has said its last number with the chunk that ends the reply", () => {
  const chunk = (tokens: number, reason: string | null) => ({
    choices: [{ delta: { content: "hi" }, finish_reason: reason }],
    usage: { prompt_tokens: 5, completion_tokens: tokens },
  });
  const running = read("openai-completions", sse(chunk(1, null), chunk(2, null)));
  assert.deepEqual([running.reading.isFinal, running.reading.tokens.output], [true, 2]);
  const reader = new UsageReader("openai-completions", true);
  reader.push(Buffer.from(sse(chunk(1, null), chunk(2, null))));
  assert.equal(reader.reading.isFinal, false, "more may come");
  reader.push(Buffer.from(sse(chunk(3, "stop"))));
  assert.deepEqual([reader.reading.isFinal, reader.reading.tokens.output], [true, 3]);
});

test("of several answers only the sum that comes last is final, though each ends with numbers of its own", () => {
  const chunk = (index: number, tokens: number, reason: string | null) => ({
    choices: [{ index, delta: { content: "hi" }, finish_reason: reason }],
    usage: { prompt_tokens: 5, completion_tokens: tokens },
  });
  const reader = new UsageReader("openai-completions", true, { choices: 2, cachesForAnHour: false });
  reader.push(Buffer.from(sse(chunk(0, 1, "stop"), chunk(1, 1, null), chunk(1, 4_000, "stop"))));
  assert.equal(reader.reading.isFinal, false);
  reader.push(Buffer.from(sse({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 4_001 } })));
  assert.deepEqual([reader.reading.isFinal, reader.reading.tokens.output], [true, 4_001]);
});

test("F98 what was asked to lie in the cache for an hour costs as much where the numbers do not say it", () => {
  const usage = {
    prompt_tokens: 100,
    completion_tokens: 1,
    prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 80 },
  };
  const written = (cachesForAnHour: boolean) => {
    const reader = new UsageReader("openai-completions", false, { choices: 1, cachesForAnHour });
    reader.push(Buffer.from(JSON.stringify({ usage })));
    reader.end();
    const { input, cacheRead, cacheWrite, cacheWrite1h } = reader.reading.tokens;
    return [input, cacheRead, cacheWrite, cacheWrite1h];
  };
  assert.deepEqual(written(false), [10, 10, 80, 0]);
  assert.deepEqual(written(true), [10, 10, 0, 80]);
});

test("an error event is seen in each format, a null one is none", () => {
  for (const [api, event] of [
    ["anthropic-messages", { type: "error", error: { type: "overloaded_error", message: "text" } }],
    ["openai-completions", { error: { message: "no", code: 500 } }],
    ["openai-responses", { type: "error", code: "server_error", message: "no" }],
  ] as const) {
    assert.equal(read(api, sse(event)).reading.failed, true, api);
    assert.equal(read(api, sse({ ...event, type: "x", error: null })).reading.failed, false, api);
  }
});

test("empty pieces, signatures and text that speaks of usage are not counted as output", () => {
  const stream = sse(
    { choices: [{ delta: { role: "assistant", content: "" } }] },
    { choices: [{ delta: { content: 'a \\" b' } }] },
    { choices: [{ delta: {}, finish_reason: "stop" }] },
  );
  const { reading } = read("openai-completions", stream);
  assert.equal(reading.pieces, 1);
});
