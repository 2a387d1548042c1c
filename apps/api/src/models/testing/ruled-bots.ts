/** Bots with caps of a test's own, calls for them, and what the tables say of them beside the rules in memory. */
import assert from "node:assert/strict";
import { sql } from "kysely";
import type { Deps } from "../../deps.ts";
import type { Reservation, Settlement } from "../table.ts";
import type { BotRules, LedgerRules } from "./ledger-rules.ts";
import { makeBot } from "./proxy.ts";

export const PROCESS = "00000000-0000-4000-8000-000000000000";
export const ELSEWHERE = "4bf92f3577b34da6a3ce929d0e0e4736";
const NO_TOKENS = { input: 0, cacheRead: 0, cacheWrite: 0, cacheWrite1h: 0, output: 0, reasoning: 0 };

export function reservation(call: Partial<Reservation> & Pick<Reservation, "callId" | "botId">): Reservation {
  const names = { model: "m", provider: "p", priceVersion: "v" };
  return { ...names, reservedPicos: 1n, traceId: undefined, ...call };
}

export function settlement(callId: string, costPicos: bigint): Settlement {
  const unknown = { providerRequestId: undefined, firstByteMs: undefined, latencyMs: undefined };
  const tokens = { ...NO_TOKENS, input: 3, output: 2 };
  return { callId, state: "settled", tokens, costPicos, httpStatus: 200, reason: undefined, ...unknown };
}

export async function makeRuledBot(
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

/** What the tables say of a bot against what the rules say. */
export async function compare({ db }: Deps, botId: string, rules: LedgerRules): Promise<void> {
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
