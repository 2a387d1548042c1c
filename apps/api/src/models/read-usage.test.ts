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
        assert.deepEqual([reading.tokens, reading.isFinal, reading.pieces], [anthropicTokens, true, 1]);
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
  assert.deepEqual([reading.tokens, reading.isFinal, reading.pieces], [tokens, true, 1]);
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
  assert.deepEqual(estimateTokens(reading, 4_000, 500), { ...noTokens, input: 21, output: 30 });
  assert.equal(estimateTokens(reading, 4_000, 12).output, 12);
  const nothing = new UsageReader("openai-completions", true).reading;
  assert.deepEqual(estimateTokens(nothing, 8_300, 500), { ...noTokens, input: 1_000, output: 0 });
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
