/** The ledger's functions in the database beside the same rules in memory, on calls that nobody thought of. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { CallCause } from "@molt/contract";
import fc from "fast-check";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { testDeps } from "../testing/deps.ts";
import { type Reservation, reserveCalls, settleCalls } from "./table.ts";
import { type BotRules, LedgerRules } from "./testing/ledger-rules.ts";
import { compare, ELSEWHERE, makeRuledBot, PROCESS, reservation, settlement } from "./testing/ruled-bots.ts";

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
