/** A process that was frozen: its calls were swept as estimates, and then it goes on and settles them. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { sql } from "kysely";
import { checkLedger } from "../audit/check-ledger.ts";
import type { Deps } from "../deps.ts";
import { testDeps } from "../testing/deps.ts";
import { noTokens } from "./cost.ts";
import { noteCalls, reserveCalls, settleCalls, type Settlement, sweepCalls } from "./table.ts";
import { makeRuledBot, PROCESS, reservation, settlement } from "./testing/ruled-bots.ts";

const caps = {
  dayCap: 10n ** 6n,
  monthCap: 10n ** 6n,
  unattendedCap: 10n ** 6n,
  runCap: 10n ** 6n,
  runMaxCalls: 999,
};
const makeSpender = (deps: Deps) => makeRuledBot(deps, { entitled: true, held: false, ...caps });
const sweep = (deps: Deps) =>
  sweepCalls(deps.db, { processGraceMs: 30_000, doubtMs: 27_000, longestCallMs: 3_600_000, atMost: 1_000 });
const NOTED = { ...noTokens, input: 3, output: 1 };

/** No check of the books may find a difference; the price of these calls is the test's own. */
async function assertBooks(deps: Deps): Promise<void> {
  const { checks } = await checkLedger(deps);
  assert.deepEqual(
    checks.filter((check) => !check.ok && check.id !== "prices"),
    [],
  );
}

/** What a bot's call came to, in every place that counts it. */
async function sums({ db }: Deps) {
  const { rows } = await sql`select l.state, l.reason, l.cost_picos::int as cost,
      d.calls::int as calls, d.tokens_out::int as out, d.cost_picos::int as day, u.cost_picos::int as message,
      b.day_picos::int as budget, b.month_picos::int as month, b.unattended_day_picos::int as unattended, r.picos::int as run
    from app.usage_logs l left join app.usage_days d using (bot_id) left join app.usage_messages u using (bot_id)
    join app.model_budgets b using (bot_id) join app.model_runs r using (bot_id)`.execute(db);
  return rows;
}

async function sweptCall(deps: Deps, notedPicos: bigint) {
  const bot = await makeSpender(deps);
  const call = reservation({
    callId: randomUUID(),
    botId: bot.id,
    reservedPicos: 900n,
    traceId: bot.rules.message,
  });
  await reserveCalls(deps.db, [call], PROCESS);
  if (notedPicos > 0n)
    await noteCalls(deps.db, [{ callId: call.callId, tokens: NOTED, costPicos: notedPicos }]);
  assert.deepEqual((await sweep(deps)).closed, [call.callId]);
  const settle = (change: Partial<Settlement>) =>
    settleCalls(deps.db, [{ ...settlement(call.callId, 700n), ...change }]);
  return { callId: call.callId, settle };
}

const whole = (cost: number) => ({ cost, day: cost, message: cost, budget: cost, month: cost, run: cost });

for (const { name, noted } of [
  { name: "with what was noted of it", noted: 40n },
  { name: "before anything was noted of it", noted: 0n },
])
  test(`F94 a call that was swept ${name} is set right by its real numbers, once`, async (t) => {
    const deps = await testDeps(t);
    const { callId, settle } = await sweptCall(deps, noted);
    await assertBooks(deps);
    assert.deepEqual(await settle({}), new Set([callId]));
    const right = [{ state: "settled", reason: "corrected", calls: 1, out: 2, unattended: 0, ...whole(700) }];
    assert.deepEqual(await sums(deps), right);
    assert.deepEqual([...(await settle({})), ...(await settle({ costPicos: 800n }))], []);
    assert.deepEqual((await sweep(deps)).closed, []);
    assert.deepEqual(await sums(deps), right);
    await assertBooks(deps);
  });

test("F94 a settlement below the estimate changes nothing: what is counted may be billed already", async (t) => {
  const deps = await testDeps(t);
  const { settle } = await sweptCall(deps, 40n);
  const before = await sums(deps);
  assert.deepEqual(await settle({ costPicos: 39n }), new Set());
  assert.deepEqual(await sums(deps), before);
});

test("F94 a frozen process that saw a swept call's client leave says what it saw, once", async (t) => {
  const deps = await testDeps(t);
  const { callId, settle } = await sweptCall(deps, 40n);
  const seen = { state: "estimated", reason: "abandoned", costPicos: 600n } as const;
  assert.deepEqual(await settle(seen), new Set([callId]));
  assert.deepEqual(await settle({}), new Set());
  assert.deepEqual(await sums(deps), [
    { state: "estimated", reason: "abandoned", calls: 1, out: 2, unattended: 0, ...whole(600) },
  ]);
  await assertBooks(deps);
});

test("F94 calls of any other end stay as they were closed, beside one that is set right", async (t) => {
  const deps = await testDeps(t);
  const bot = await makeSpender(deps);
  const calls = [1, 2, 3].map(() =>
    reservation({ callId: randomUUID(), botId: bot.id, reservedPicos: 900n }),
  );
  await reserveCalls(deps.db, calls, PROCESS);
  const ends = calls.map((call) => settlement(call.callId, 5n));
  const seen = { state: "estimated", reason: "abandoned" } as const;
  await settleCalls(deps.db, [...ends.slice(0, 1), ...ends.slice(1, 2).map((end) => ({ ...end, ...seen }))]);
  const swept = (await sweep(deps)).closed;
  assert.deepEqual(swept, [calls[2]?.callId]);
  const higher = ends.map((call) => ({ ...call, costPicos: 50n }));
  assert.deepEqual(await settleCalls(deps.db, higher), new Set(swept));
  assert.deepEqual(await settleCalls(deps.db, higher), new Set());
  await assertBooks(deps);
});

test("F94 sweepers and settlers at once count every call once, at its real cost", async (t) => {
  const deps = await testDeps(t);
  const bots = await Promise.all(Array.from({ length: 6 }, () => makeSpender(deps)));
  const calls = bots.flatMap(({ id, rules }) =>
    Array.from({ length: 40 }, (_, at) =>
      reservation({
        callId: randomUUID(),
        botId: id,
        reservedPicos: 900n,
        traceId: at % 2 === 0 ? rules.message : undefined,
      }),
    ),
  );
  await reserveCalls(deps.db, calls, PROCESS);
  await noteCalls(
    deps.db,
    calls.filter((_, at) => at % 3 > 0).map(({ callId }) => ({ callId, tokens: NOTED, costPicos: 40n })),
  );
  const real = calls.map(({ callId }, at) => settlement(callId, BigInt(100 + at)));
  const closed: string[] = [];
  const sweeper = async () => {
    const limits = { processGraceMs: 30_000, doubtMs: 27_000, longestCallMs: 3_600_000, atMost: 23 };
    for (let page = 0; page < 12; page += 1) await sweepCalls(deps.db, limits);
  };
  const settler = async (from: number, step: number) => {
    for (let at = 0; at < real.length; at += 20) {
      const start = (from + at * step) % real.length;
      closed.push(...(await settleCalls(deps.db, real.slice(start, start + 20))));
    }
  };
  // Both settlers say the same of each call: at most one of them is heard.
  await Promise.all([sweeper(), sweeper(), settler(0, 1), settler(0, 7)]);
  assert.deepEqual(closed.toSorted(), calls.map((call) => call.callId).toSorted());
  const { rows } = await sql<{
    picos: bigint;
  }>`select sum(cost_picos)::bigint as picos from app.usage_days`.execute(deps.db);
  assert.deepEqual(rows, [{ picos: real.reduce((sum, call) => sum + call.costPicos, 0n) }]);
  await assertBooks(deps);
});
