/** Batches of reservations: many at once, calls of several bots and sizes in one, and what started each. */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { test } from "node:test";
import { sql } from "kysely";
import { testDeps } from "../testing/deps.ts";
import { reserveCalls, settleCalls } from "./table.ts";
import { makeBot } from "./testing/proxy.ts";
import { ELSEWHERE, makeRuledBot, PROCESS, reservation, settlement } from "./testing/ruled-bots.ts";

test("F101 batches of four connections at once overshoot no cap, repeat no call and never deadlock", async (t) => {
  const deps = await testDeps(t);
  const { db } = deps;
  const caps = { dayCap: 900n, monthCap: 2_000n, unattendedCap: 700n, runCap: 400n, runMaxCalls: 30 };
  const bots = await Promise.all(
    Array.from({ length: 12 }, () => makeRuledBot(deps, { entitled: true, held: false, ...caps })),
  );
  // One without a budget yet, so that two batches make it at the same time.
  bots.push({ ...(bots[0] ?? assert.fail()), id: (await makeBot(deps)).id });
  const shuffled = <T>(items: T[]): T[] =>
    items
      .map((item) => ({ item, at: randomBytes(4).readUInt32BE() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ item }) => item);
  const calls = bots.flatMap(({ id, rules }, n) =>
    Array.from({ length: 60 }, (_, at) =>
      reservation({
        callId: randomUUID(),
        botId: id,
        reservedPicos: BigInt(1 + ((at * 7 + n) % 45)),
        traceId: [rules.message, ELSEWHERE, undefined][at % 3],
      }),
    ),
  );
  let admitted = 0;
  const lane = async () => {
    const mine = shuffled(calls);
    while (mine.length > 0) {
      const batch = mine.splice(0, 40);
      const answers = await reserveCalls(db, batch, PROCESS);
      const open = batch.filter((_, at) => answers[at]?.refusal === null);
      const settled = open
        .filter((_, at) => at % 3 === 0)
        .map((one) => settlement(one.callId, one.reservedPicos));
      const closed = await settleCalls(db, shuffled(settled));
      admitted += closed.size;
      const { rows } = await sql<{ over: bigint }>`select count(*) as over from app.model_budgets
        where day_picos > day_cap_picos or month_picos > month_cap_picos
          or unattended_day_picos > unattended_day_cap_picos`.execute(db);
      assert.deepEqual(rows, [{ over: 0n }]);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  const { rows } = await sql`select
    (select count(*) from app.usage_logs where state = 'settled') as settled,
    (select count(*) from app.model_runs r join app.model_budgets b using (bot_id)
      where r.picos > b.run_cap_picos or r.calls > b.run_max_calls) as "runsOver",
    (select count(*) from (
      select b.bot_id from app.model_budgets b left join app.usage_logs l using (bot_id)
      group by b.bot_id having b.day_picos <> sum(case l.state when 'reserved' then l.reserved_picos else l.cost_picos end)
    ) wrong) as "budgetsWrong"`.execute(db);
  assert.deepEqual(rows, [{ settled: BigInt(admitted), runsOver: 0n, budgetsWrong: 0n }]);
  assert.ok(admitted > 100, `${admitted} calls were let out and settled`);
});

test("a call that does not fit is in the way of no smaller one, nor of another bot", async (t) => {
  const deps = await testDeps(t);
  const caps = { dayCap: 10n, monthCap: 100n, unattendedCap: 100n, runCap: 100n, runMaxCalls: 9 };
  const [near, far] = await Promise.all([
    makeRuledBot(deps, { entitled: true, held: false, ...caps }),
    makeRuledBot(deps, { entitled: true, held: false, ...caps, dayCap: 100n }),
  ]);
  const sizes = [
    [near.id, 6n, null],
    [far.id, 40n, null],
    [near.id, 5n, "day_cap"],
    [near.id, 4n, null],
    [far.id, 50n, null],
    [near.id, 1n, "day_cap"],
  ] as const;
  const calls = sizes.map(([botId, reservedPicos]) =>
    reservation({ callId: randomUUID(), botId, reservedPicos }),
  );
  const answers = await reserveCalls(deps.db, calls, PROCESS);
  assert.deepEqual(
    answers.map((answer) => answer.refusal),
    sizes.map(([, , refusal]) => refusal),
  );
  const rows = await deps.db.selectFrom("app.usage_logs").select(["id", "state"]).execute();
  assert.equal(rows.filter((row) => row.state === "refused").length, 1, "one row a minute and reason");
});

test("what started a call is the message's word first, the hint's second", async (t) => {
  const deps = await testDeps(t);
  const caps = { dayCap: 100n, monthCap: 100n, unattendedCap: 100n, runCap: 100n, runMaxCalls: 9 };
  const one = await makeRuledBot(deps, { entitled: true, held: false, ...caps });
  const unknown = reservation({ callId: randomUUID(), botId: randomUUID() });
  const calls = [
    reservation({ callId: randomUUID(), botId: one.id, traceId: one.rules.message, cause: "cron" }),
    reservation({ callId: randomUUID(), botId: one.id, traceId: ELSEWHERE, cause: "heartbeat" }),
    reservation({ callId: randomUUID(), botId: one.id }),
    unknown,
  ];
  assert.deepEqual(await reserveCalls(deps.db, calls, PROCESS), [
    { refusal: null, cause: "chat" },
    { refusal: null, cause: "heartbeat" },
    { refusal: null, cause: "background" },
    { refusal: "unknown_bot", cause: "background" },
  ]);
});
