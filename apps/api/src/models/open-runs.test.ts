/** Runs, budgets and batches under calls that stay open for long: nothing of one call keeps another one open. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { sql } from "kysely";
import pino from "pino";
import type { Deps } from "../deps.ts";
import { testDeps } from "../testing/deps.ts";
import { Ledger } from "./ledger.ts";
import { AT_ONCE, sweepAbandonedCalls } from "./sweep-calls.job.ts";
import { deleteOldRuns, noteCalls, reserveCalls, settleCalls } from "./table.ts";
import { makeBot } from "./testing/proxy.ts";
import { ELSEWHERE, PROCESS, reservation, settlement } from "./testing/ruled-bots.ts";

const runsOf = async ({ db }: Deps) =>
  (await sql<{ picos: bigint }>`select picos from app.model_runs`.execute(db)).rows.map((row) => row.picos);
const openIds = async ({ db }: Deps) =>
  (await db.selectFrom("app.usage_logs").select("id").where("state", "=", "reserved").execute()).map(
    (row) => row.id,
  );
/** The run's last use is so many days ago. */
const leaveRuns = ({ db }: Deps, days: number) =>
  sql`update app.model_runs set used_on = (now() at time zone 'utc')::date - ${days}::int`.execute(db);

function loggedErrors(deps: Deps) {
  const errors: Record<string, unknown>[] = [];
  const write = (line: string) => void errors.push(JSON.parse(line) as Record<string, unknown>); // pino's own
  return { errors, deps: { ...deps, log: pino({ level: "error", base: null }, { write }) } };
}

test("a run is forgotten a week after its last use, and never while one of its calls is open", async (t) => {
  const deps = await testDeps(t);
  const { id: botId } = await makeBot(deps);
  const call = reservation({ callId: randomUUID(), botId, reservedPicos: 900n, traceId: ELSEWHERE });
  await reserveCalls(deps.db, [call], PROCESS);
  await sql`update app.model_runs set started_at = now() - interval '30 days'`.execute(deps.db);
  assert.equal(await deleteOldRuns(deps.db, 10), 0, "it was used today");
  await leaveRuns(deps, 8);
  assert.equal(await deleteOldRuns(deps.db, 10), 0, "its call is open");
  const again = reservation({ callId: randomUUID(), botId, reservedPicos: 5n, traceId: ELSEWHERE });
  await reserveCalls(deps.db, [again], PROCESS);
  await settleCalls(deps.db, [settlement(call.callId, 1n)]);
  assert.deepEqual(await runsOf(deps), [6n]);
  await settleCalls(deps.db, [settlement(again.callId, 1n)]);
  assert.equal(await deleteOldRuns(deps.db, 10), 0, "a call of today moved it");
  await leaveRuns(deps, 7);
  assert.equal(await deleteOldRuns(deps.db, 10), 0, "a week is not over");
  await leaveRuns(deps, 8);
  assert.equal(await deleteOldRuns(deps.db, 10), 1);
});

test("every way to reserve moves the last use of the run", async (t) => {
  const deps = await testDeps(t);
  const { id: botId } = await makeBot(deps);
  const make = (reservedPicos: bigint) =>
    reservation({ callId: randomUUID(), botId, reservedPicos, traceId: ELSEWHERE });
  await reserveCalls(deps.db, [make(1n)], PROCESS);
  const tooMuch = 10n ** 15n;
  for (const batch of [[make(1n)], [make(1n), make(1n)], [make(1n), make(tooMuch)]]) {
    await leaveRuns(deps, 9);
    await reserveCalls(deps.db, batch, PROCESS);
    const { rows } = await sql`select used_on = (now() at time zone 'utc')::date as moved
      from app.model_runs`.execute(deps.db);
    assert.deepEqual(rows, [{ moved: true }]);
  }
});

test("counters that know less than is given back stop at nothing, and the call is closed", async (t) => {
  const deps = await testDeps(t);
  const { id: botId } = await makeBot(deps);
  const call = reservation({ callId: randomUUID(), botId, reservedPicos: 900n, traceId: ELSEWHERE });
  await reserveCalls(deps.db, [call], PROCESS);
  // As after a clock that went back over midnight, or a run that was forgotten and began anew.
  await sql`update app.model_budgets set day_picos = 3, unattended_day_picos = 2, month_picos = 1`.execute(
    deps.db,
  );
  await sql`update app.model_runs set picos = 4`.execute(deps.db);
  assert.equal((await settleCalls(deps.db, [settlement(call.callId, 10n)])).size, 1);
  const { rows } = await sql`select b.day_picos, b.unattended_day_picos, b.month_picos, r.picos
    from app.model_budgets b join app.model_runs r using (bot_id)`.execute(deps.db);
  assert.deepEqual(rows, [{ day_picos: 0n, unattended_day_picos: 0n, month_picos: 0n, picos: 0n }]);
});

test("a call whose figures are refused is left to the sweeper, and all others of its batch are settled", async (t) => {
  const { deps, errors } = loggedErrors(await testDeps(t));
  const { id: botId } = await makeBot(deps);
  const ledger = await Ledger.open(deps);
  t.after(() => ledger.close());
  const calls = Array.from({ length: 40 }, () =>
    reservation({ callId: randomUUID(), botId, reservedPicos: 9n }),
  );
  await Promise.all(calls.map((call) => ledger.reserve(call)));
  const bad = calls[17]?.callId ?? "";
  await Promise.all(
    calls.map(({ callId }) => {
      const good = { ...settlement(callId, 5n), botId };
      return ledger.settle(
        callId === bad ? { ...good, tokens: { ...good.tokens, input: 2_000_000_000 } } : good,
      );
    }),
  );
  assert.deepEqual(await openIds(deps), [bad]);
  assert.deepEqual(
    errors.map(({ callId, msg }) => [callId, msg]),
    [[bad, "a call cannot be settled, leaving it to the sweeper"]],
  );
  await sql`update app.model_processes set seen_at = now() - interval '1 hour', suspected_at = now() - interval '1 minute'`.execute(
    deps.db,
  );
  assert.equal(await sweepAbandonedCalls(deps), "closed 1 abandoned calls");
});

test("a call that the sweeper cannot close is named, and keeps no other open", async (t) => {
  const { deps, errors } = loggedErrors(await testDeps(t));
  const bots = await Promise.all([makeBot(deps), makeBot(deps), makeBot(deps)]);
  const calls = bots.flatMap(({ id }) =>
    Array.from({ length: 3 }, () => reservation({ callId: randomUUID(), botId: id, reservedPicos: 9n })),
  );
  await reserveCalls(deps.db, calls, PROCESS);
  const tokens = { ...settlement("", 0n).tokens, output: 7 };
  await noteCalls(
    deps.db,
    calls.map(({ callId }) => ({ callId, tokens, costPicos: 5n })),
  );
  // A day that can hold no more: what is added to it is out of range.
  const full = bots[1]?.id ?? "";
  await sql`insert into app.usage_days (bot_id, day, model, cause, tokens_out)
    values (${full}, (now() at time zone 'utc')::date, 'm', 'background', 9223372036854775807)`.execute(
    deps.db,
  );
  assert.equal(await sweepAbandonedCalls(deps), "closed 6 abandoned calls");
  const stuck = calls.filter((call) => call.botId === full).map((call) => call.callId);
  assert.deepEqual((await openIds(deps)).toSorted(), stuck.toSorted());
  const [line, ...more] = errors as { count: number; calls: { callId: string; failure: string }[] }[];
  assert.deepEqual([line?.count, more], [3, []]);
  assert.deepEqual(line?.calls.map((call) => call.callId).toSorted(), stuck.toSorted());
  assert.match(line?.calls[0]?.failure ?? "", /out of range/);
});

test("old runs are forgotten faster than they can be made, and a stop is heard between pages", async (t) => {
  const deps = await testDeps(t);
  const { id: botId } = await makeBot(deps);
  await sql`insert into app.model_runs (bot_id, trace_id, used_on)
    select ${botId}, lpad(n::text, 32, '0'), (now() at time zone 'utc')::date - 8
    from generate_series(1, 25001) n`.execute(deps.db);
  assert.equal(await sweepAbandonedCalls(deps, AT_ONCE, AbortSignal.abort()), "");
  assert.equal(await sweepAbandonedCalls(deps), "forgot 25001 old runs");
  assert.deepEqual(await runsOf(deps), []);
});
