/** The ledger's functions in the database beside the same rules in memory, and many batches at once. */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { test } from "node:test";
import type { CallCause } from "@molt/contract";
import fc from "fast-check";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { testDeps } from "../testing/deps.ts";
import { type Reservation, reserveCalls, type Settlement, settleCalls } from "./table.ts";
import { type BotRules, LedgerRules } from "./testing/ledger-rules.ts";
import { makeBot } from "./testing/proxy.ts";

const PROCESS = "00000000-0000-4000-8000-000000000000";
const ELSEWHERE = "4bf92f3577b34da6a3ce929d0e0e4736";
const NO_TOKENS = { input: 0, cacheRead: 0, cacheWrite: 0, cacheWrite1h: 0, output: 0, reasoning: 0 };

function reservation(call: Partial<Reservation> & Pick<Reservation, "callId" | "botId">): Reservation {
  const names = { model: "m", provider: "p", priceVersion: "v" };
  return { ...names, reservedPicos: 1n, traceId: undefined, ...call };
}

function settlement(callId: string, costPicos: bigint): Settlement {
  const unknown = { providerRequestId: undefined, firstByteMs: undefined, latencyMs: undefined };
  const tokens = { ...NO_TOKENS, input: 3, output: 2 };
  return { callId, state: "settled", tokens, costPicos, httpStatus: 200, reason: undefined, ...unknown };
}

async function makeRuledBot(
  deps: Deps,
  rules: Omit<BotRules, "message">,
): Promise<{ id: string; rules: BotRules }> {
  const { id, userId } = await makeBot(deps);
  if (!rules.entitled) {
    const past = { subscription_status: "canceled" } as const;
    await deps.db.updateTable("app.users").set(past).where("id", "=", userId).execute();
  }
  const held = rules.held ? sql`now()` : sql`null`;
  await sql`insert into app.model_budgets (bot_id, day_cap_picos, month_cap_picos, unattended_day_cap_picos,
      run_cap_picos, run_max_calls, held_since, held_reason)
    values (${id}, ${rules.dayCap}, ${rules.monthCap}, ${rules.unattendedCap}, ${rules.runCap}, ${rules.runMaxCalls},
      ${held}, ${rules.held ? "user" : null})`.execute(deps.db);
  const message = await deps.db
    .insertInto("app.messages")
    .values({ bot_id: id, seq: 1n, role: "user", text: "hello", state: "delivered" })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { id, rules: { ...rules, message: message.id.replaceAll("-", "") } };
}

/** Everything of one bot happened so many days earlier. */
async function age({ db }: Deps, botId: string, days: number): Promise<void> {
  await sql`update app.usage_logs set "timestamp" = "timestamp" - ${days} * interval '1 day' where bot_id = ${botId}`.execute(
    db,
  );
  await sql`update app.model_budgets set day = day - ${days}::int,
    month = date_trunc('month', day - ${days}::int)::date where bot_id = ${botId}`.execute(db);
}

const bot = fc.record({
  entitled: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
  held: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  dayCap: fc.bigInt({ min: 40n, max: 300n }),
  monthCap: fc.bigInt({ min: 60n, max: 500n }),
  unattendedCap: fc.bigInt({ min: 20n, max: 200n }),
  runCap: fc.bigInt({ min: 10n, max: 200n }),
  runMaxCalls: fc.integer({ min: 1, max: 12 }),
});
const call = fc.record({
  bot: fc.nat(2),
  picos: fc.bigInt({ min: 0n, max: 60n }),
  trace: fc.constantFrom("message", "elsewhere", "none"),
  cause: fc.constantFrom<CallCause | undefined>(undefined, "cron", "heartbeat", "subagent"),
  /** The call of an earlier place, once more. */
  again: fc.option(fc.nat(30), { freq: 8 }),
});
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("reserve" as const), calls: fc.array(call, { maxLength: 12 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      which: fc.array(fc.record({ at: fc.nat(40), cost: fc.bigInt({ min: 0n, max: 60n }) }), {
        maxLength: 8,
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("age" as const), days: fc.constantFrom(1, 32) }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

test("F101 the set-based reservation decides as the rules do, call by call", async (t) => {
  const deps = await testDeps(t);
  const { db } = deps;
  const run = async (bots: Omit<BotRules, "message">[], steps: Step[]) => {
    const made = await Promise.all(bots.map((rules) => makeRuledBot(deps, rules)));
    const rules = new LedgerRules(new Map(made.map((one) => [one.id, one.rules])));
    const asked: Reservation[] = [];
    for (const next of steps) {
      const { rows } = await sql<{ today: string }>`select (now() at time zone 'utc')::date as today`.execute(
        db,
      );
      const today = rows[0]?.today ?? "";
      if (next.kind === "reserve") {
        const calls = next.calls.map((one) => {
          const again = one.again === null ? undefined : asked[one.again];
          if (again) return again;
          const { id: botId, rules: of } = made[one.bot] ?? assert.fail();
          const traceId = { message: of.message, elsewhere: ELSEWHERE, none: undefined }[one.trace];
          const cause = one.cause === "chat" ? undefined : one.cause;
          const fresh = reservation({
            callId: randomUUID(),
            botId,
            reservedPicos: one.picos,
            traceId,
            cause,
          });
          asked.push(fresh);
          return fresh;
        });
        const answers = await reserveCalls(db, calls, PROCESS);
        // A call that is said twice in one batch is decided once.
        const expected = new Map<string, string | null>();
        for (const one of calls)
          if (!expected.has(one.callId))
            expected.set(one.callId, rules.reserve({ ...one, cause: one.cause }, today));
        assert.deepEqual(
          answers.map((answer) => answer.refusal),
          calls.map((one) => expected.get(one.callId)),
        );
      } else if (next.kind === "settle") {
        const which = next.which.flatMap(({ at, cost }) => {
          const one = asked[at];
          return one ? [settlement(one.callId, cost)] : [];
        });
        const unique = [...new Map(which.map((one) => [one.callId, one])).values()];
        const closed = await settleCalls(db, unique);
        assert.deepEqual(
          new Set(closed),
          new Set(unique.filter((one) => rules.settle(one.callId, one.costPicos)).map((one) => one.callId)),
        );
      } else {
        for (const { id } of made) await age(deps, id, next.days);
        rules.age(next.days);
      }
    }
    for (const { id } of made) await compare(deps, id, rules);
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(bot, { minLength: 3, maxLength: 3 }),
      fc.array(step, { minLength: 1, maxLength: 14 }),
      run,
    ),
    { numRuns: 60 },
  );
});

/** What the tables say of a bot against what the rules say. */
async function compare({ db }: Deps, botId: string, rules: LedgerRules): Promise<void> {
  const rows = [...rules.rows.entries()].filter(([, row]) => row.botId === botId);
  const logs = await db.selectFrom("app.usage_logs").selectAll().where("bot_id", "=", botId).execute();
  assert.deepEqual(
    logs.map((log) => [log.id, log.cause, log.reserved_picos, log.cost_picos, log.reason]).toSorted(byFirst),
    rows.map(([id, row]) => [id, row.cause, row.reserved, row.cost ?? 0n, row.refusal]).toSorted(byFirst),
  );
  const { rows: budgets } = await sql<{ day: bigint; unattended: bigint; month: bigint }>`
    select day_picos as day, unattended_day_picos as unattended, month_picos as month
    from app.model_budgets where bot_id = ${botId}`.execute(db);
  const spent = rules.spent.get(botId);
  const {
    dayPicos: day,
    unattendedPicos: unattended,
    monthPicos: month,
  } = spent ?? {
    dayPicos: 0n,
    unattendedPicos: 0n,
    monthPicos: 0n,
  };
  assert.deepEqual(budgets, [{ day, unattended, month }]);
  const { rows: runs } = await sql<{ trace_id: string; calls: number; picos: bigint }>`
    select trace_id, calls, picos from app.model_runs where bot_id = ${botId}`.execute(db);
  assert.equal(runs.length, [...rules.runs.keys()].filter((name) => name.startsWith(botId)).length);
  for (const { trace_id, calls, picos } of runs)
    assert.deepEqual(rules.runs.get(`${botId}/${trace_id}`), { calls, picos });
  const closed = rows.map(([, row]) => row).filter((row) => !row.refusal && row.cost !== undefined);
  const sums = await sql<{ name: string; calls: bigint; picos: bigint }>`
    select 'days' as name, coalesce(sum(calls), 0)::bigint as calls, coalesce(sum(cost_picos), 0)::bigint as picos
      from app.usage_days where bot_id = ${botId}
    union all select 'messages', coalesce(sum(calls), 0)::bigint, coalesce(sum(cost_picos), 0)::bigint
      from app.usage_messages where bot_id = ${botId}`.execute(db);
  const total = (of: typeof closed) => ({
    calls: BigInt(of.length),
    picos: of.reduce((sum, row) => sum + (row.cost ?? 0n), 0n),
  });
  assert.deepEqual(sums.rows, [
    { name: "days", ...total(closed) },
    { name: "messages", ...total(closed.filter((row) => row.cause === "chat")) },
  ]);
}

function byFirst([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}

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
