/** Calls that go well: what arrives, what is stored, what is billed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testProxy } from "./testing/proxy.ts";

const hello = { model: "claude-sonnet-5", max_tokens: 500, messages: [{ role: "user", content: "hello" }] };

test("a streamed call arrives whole and leaves one settled row with the provider's numbers", async (t) => {
  const { call, truth, settledRows, bot } = await testProxy(t);
  const answer = await call("/v1/messages", { ...hello, stream: true });
  assert.equal(answer.status, 200);
  assert.match(answer.headers["content-type"] ?? "", /^text\/event-stream/);
  assert.match(answer.text, /event: message_stop\n/);
  const [[row], [entry]] = [await settledRows(1), await truth()];
  assert.ok(row && entry);
  assert.equal(row.state, "settled");
  assert.equal(row.bot_id, bot.id);
  assert.equal(row.model, "claude-sonnet-5");
  assert.equal(row.cause, "background");
  assert.equal(row.provider_request_id, entry.requestId);
  assert.deepEqual(
    [row.tokens_in, row.tokens_out],
    [BigInt(entry.usage.uncached), BigInt(entry.usage.output)],
  );
  assert.equal(row.cost_picos, row.tokens_in * 2_000_000n + row.tokens_out * 10_000_000n);
  assert.ok(row.reserved_picos >= row.cost_picos);
});
