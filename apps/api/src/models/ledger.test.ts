/** I3 and I4: the ledger against the provider's own truth log, after a rough time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { AT_ONCE, sweepAbandonedCalls } from "./sweep-calls.job.ts";
import { makeBot, send, testProxy } from "./testing/proxy.ts";

const paths = [
  {
    path: "/v1/messages",
    body: { model: "claude-sonnet-5", max_tokens: 400, messages: [{ role: "user", content: "hello" }] },
  },
  {
    path: "/v1/chat/completions",
    body: { model: "gpt-5.2", max_completion_tokens: 400, messages: [{ role: "user", content: "hello" }] },
  },
  { path: "/v1/responses", body: { model: "gpt-5.2", max_output_tokens: 400, input: "hello" } },
];

test("I3 I4 three hundred streams, cut, refused and left alone: one row each, never above the truth", async (t) => {
  const { deps, proxy, bot, control, truth, settledRows } = await testProxy(t, {
    standIn: { DELAY_MS: "1" },
  });
  const bots = [bot, await makeBot(deps), await makeBot(deps)];
  await control(
    { kind: "cut", afterBytes: 900, times: 20 },
    { kind: "usage", tokens: "-1", times: 10 },
    { kind: "status", status: 529, times: 5 },
  );
  const calls = Array.from({ length: 300 }, (_, at) => {
    const { path, body } = paths[at % 3] ?? { path: "", body: {} };
    const leaving = at % 10 < 3 ? { leaveAfterBytes: 1 + ((at * 131) % 4_000) } : {};
    return send(
      proxy.url + path,
      { ...body, stream: at % 7 !== 0 },
      { key: bots[at % bots.length]?.key ?? "", ...leaving },
    );
  });
  await Promise.all(calls);
  const rows = await settledRows(300);
  const entries = new Map((await truth()).map((entry) => [entry.requestId, entry.usage]));
  assert.equal(rows.length, 300);
  assert.equal(
    new Set(rows.map((row) => row.provider_request_id)).size,
    300,
    "no call of the provider has two rows",
  );
  let settled = 0;
  for (const row of rows) {
    const usage = entries.get(row.provider_request_id ?? "");
    const input = BigInt(usage ? usage.uncached + usage.cacheRead + usage.cacheWrite5m : 0);
    const output = BigInt(usage?.output ?? 0);
    assert.ok(
      row.tokens_in <= input && row.tokens_out <= output,
      `${row.reason}: ${row.tokens_in}/${input} ${row.tokens_out}/${output}`,
    );
    assert.ok(row.cost_picos <= row.reserved_picos);
    if (row.state !== "settled" || row.http_status !== 200) continue;
    settled += 1;
    assert.deepEqual([row.tokens_in, row.tokens_out], [input, output]);
  }
  assert.ok(settled >= 260, `${settled} of 300 reported their numbers`);
  assert.equal(
    rows.filter((row) => entries.has(row.provider_request_id ?? "")).length,
    entries.size,
    "no call without a row",
  );
  const cost = rows.reduce((sum, row) => sum + row.cost_picos, 0n);
  const { rows: sums } = await sql<{ days: bigint; budgets: bigint }>`select
    (select sum(cost_picos)::bigint from app.usage_days) as days,
    (select sum(day_picos)::bigint from app.model_budgets) as budgets`.execute(deps.db);
  assert.deepEqual(sums, [{ days: cost, budgets: cost }]);
  assert.equal(await sweepAbandonedCalls(deps, AT_ONCE), "");
});
