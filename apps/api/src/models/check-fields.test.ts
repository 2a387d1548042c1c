/** F98: what is billed by something else than the tokens of this answer never leaves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelApi } from "./providers.ts";
import { readCall } from "./read-call.ts";
import { CallRefused } from "./refusals.ts";
import { openclawCalls } from "./testing/openclaw-calls.ts";

const BASE: Record<ModelApi, object> = {
  "anthropic-messages": { model: "claude-haiku-4-5", max_tokens: 10, messages: [] },
  "openai-completions": { model: "gpt-5-mini", messages: [] },
  "openai-responses": { model: "gpt-5-mini", input: "hi" },
};
const read = (api: ModelApi, more: object) =>
  readCall(api, Buffer.from(JSON.stringify({ ...BASE[api], ...more })));

const REFUSED: readonly (readonly [ModelApi, object])[] = [
  ["anthropic-messages", { fallbacks: [{ model: "claude-opus-4-1", max_tokens: 128_000 }] }],
  ["anthropic-messages", { context_management: { edits: [{ type: "compact_20260112" }] } }],
  ["anthropic-messages", { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
  ["anthropic-messages", { container: "c1" }],
  ["anthropic-messages", { mcp_servers: [{ url: "https://example.com" }] }],
  ["anthropic-messages", { inference_geo: "us" }],
  ["anthropic-messages", { speed: "fast" }],
  ["anthropic-messages", { service_tier: "priority" }],
  ["anthropic-messages", { fallback_credit_token: "x" }],
  ["openai-completions", { models: ["gpt-5-pro"] }],
  ["openai-completions", { plugins: [{ id: "web" }] }],
  ["openai-completions", { provider: { order: ["x"] } }],
  ["openai-completions", { prediction: { type: "content", content: "x" } }],
  ["openai-completions", { web_search_options: {} }],
  ["openai-completions", { modalities: ["text", "audio"] }],
  ["openai-completions", { MODEL: "gpt-5-pro" }],
  ["openai-completions", { stream: "true" }],
  ["openai-completions", { stream: 1 }],
  ["openai-responses", { tools: [{ type: "shell", environment: { type: "container_auto" } }] }],
  ["openai-responses", { tools: [{ type: "namespace", name: "n", tools: [{ type: "code_interpreter" }] }] }],
  ["openai-responses", { context_management: [{ type: "compaction", compact_threshold: 1_000 }] }],
  ["openai-responses", { reasoning: { mode: "pro" } }],
  ["openai-responses", { previous_response_id: "resp_1" }],
  ["openai-responses", { background: true }],
  ["openai-responses", { something_new: { at: "once" } }],
];

for (const [api, more] of REFUSED)
  test(`F98 ${api}: ${JSON.stringify(more).slice(0, 80)} is refused with a 400 that says why`, () => {
    assert.throws(
      () => read(api, more),
      (error) => error instanceof CallRefused && error.refusal.status === 400 && error.message !== "",
    );
  });

test("what means nothing passes: fields set to nothing, a tool of the bot's own, clearing old results", () => {
  for (const [api, more] of [
    ["anthropic-messages", { container: null, fallbacks: [], speed: "standard", stream: null }],
    ["anthropic-messages", { context_management: { edits: [{ type: "clear_tool_uses_20250919" }] } }],
    [
      "anthropic-messages",
      {
        tools: [
          { type: "bash_20250124", name: "bash" },
          { name: "own", input_schema: {} },
        ],
      },
    ],
    ["openai-completions", { tools: [{ type: "function", function: { name: "f" } }], service_tier: "auto" }],
    [
      "openai-responses",
      { tools: [{ type: "shell", environment: { type: "local" } }], reasoning: { effort: "low" } },
    ],
  ] as const)
    assert.ok(read(api, more).maxInput > 0);
});

test("everything that the real bot asks passes", async () => {
  const calls = await openclawCalls();
  assert.ok(calls.length > 10);
  for (const { api, body } of calls) assert.ok(readCall(api, Buffer.from(JSON.stringify(body))).maxInput > 0);
});
