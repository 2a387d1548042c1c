/**
 * The rules of reserving and settling, said a second time and as plainly as they can be: one call
 * after the other, everything in memory. The database is compared with it.
 */
import type { CallCause } from "@molt/contract";
import type { RefusalReason, Reservation, UnattendedCause } from "../table.ts";

export interface BotRules {
  entitled: boolean;
  held: boolean;
  dayCap: bigint;
  monthCap: bigint;
  unattendedCap: bigint;
  runCap: bigint;
  runMaxCalls: number;
  /** 32 hex digits, as a trace carries it. */
  message: string;
}

export interface RuleRow {
  botId: string;
  day: string;
  cause: CallCause;
  trace: string | undefined;
  reserved: bigint;
  /** Undefined while the call is open. */
  cost: bigint | undefined;
  refusal: RefusalReason | null;
}

interface Spent {
  /** Of the latest reservation. */
  day: string;
  dayPicos: bigint;
  unattendedPicos: bigint;
  monthPicos: bigint;
}

type Call = Pick<Reservation, "callId" | "botId" | "reservedPicos" | "traceId"> & {
  cause: UnattendedCause | undefined;
};

export class LedgerRules {
  readonly rows = new Map<string, RuleRow>();
  readonly spent = new Map<string, Spent>();
  readonly runs = new Map<string, { calls: number; picos: bigint }>();
  readonly #bots: ReadonlyMap<string, BotRules>;

  constructor(bots: ReadonlyMap<string, BotRules>) {
    this.#bots = bots;
  }

  reserve(call: Call, today: string): RefusalReason | null {
    const bot = this.#bots.get(call.botId);
    if (!bot) throw new Error("not a bot of this test");
    const known = this.rows.get(call.callId);
    if (known) return known.refusal;
    const spent = this.#spentOf(call.botId, today);
    const cause: CallCause = call.traceId === bot.message ? "chat" : (call.cause ?? "background");
    const refusal = this.#refusal({ bot, spent, call, cause });
    const row = { botId: call.botId, day: today, cause, trace: call.traceId, reserved: call.reservedPicos };
    if (refusal) {
      const told = [...this.rows.values()].some(
        (other) => other.botId === call.botId && other.refusal === refusal && other.day === today,
      );
      if (!told) this.rows.set(call.callId, { ...row, reserved: 0n, cost: 0n, refusal });
      return refusal;
    }
    this.rows.set(call.callId, { ...row, cost: undefined, refusal: null });
    spent.dayPicos += call.reservedPicos;
    spent.monthPicos += call.reservedPicos;
    if (cause !== "chat") spent.unattendedPicos += call.reservedPicos;
    this.spent.set(call.botId, spent);
    const run = this.#runOf(call);
    if (call.traceId)
      this.runs.set(key(call), { calls: run.calls + 1, picos: run.picos + call.reservedPicos });
    return null;
  }

  /** @returns whether it was open. */
  settle(callId: string, cost: bigint): boolean {
    const row = this.rows.get(callId);
    if (!row || row.cost !== undefined) return false;
    row.cost = cost;
    const change = cost - row.reserved;
    const spent = this.spent.get(row.botId);
    if (spent?.day === row.day) {
      spent.dayPicos += change;
      if (row.cause !== "chat") spent.unattendedPicos += change;
    }
    if (spent?.day.slice(0, 7) === row.day.slice(0, 7)) spent.monthPicos += change;
    const run = row.trace ? this.runs.get(key({ botId: row.botId, traceId: row.trace })) : undefined;
    if (run) run.picos += change;
    return true;
  }

  /** Time passes: everything that was happened so many days earlier. */
  age(days: number): void {
    for (const row of [...this.rows.values(), ...this.spent.values()]) row.day = daysBefore(row.day, days);
  }

  #spentOf(botId: string, today: string): Spent {
    const spent = this.spent.get(botId) ?? {
      day: today,
      dayPicos: 0n,
      unattendedPicos: 0n,
      monthPicos: 0n,
    };
    if (spent.day === today) return { ...spent };
    const isSameMonth = spent.day.slice(0, 7) === today.slice(0, 7);
    return {
      day: today,
      dayPicos: 0n,
      unattendedPicos: 0n,
      monthPicos: isSameMonth ? spent.monthPicos : 0n,
    };
  }

  #runOf(call: Pick<Call, "botId" | "traceId">): { calls: number; picos: bigint } {
    return (call.traceId ? this.runs.get(key(call)) : undefined) ?? { calls: 0, picos: 0n };
  }

  #refusal({
    bot,
    spent,
    call,
    cause,
  }: {
    bot: BotRules;
    spent: Spent;
    call: Call;
    cause: CallCause;
  }): RefusalReason | null {
    const run = this.#runOf(call);
    const picos = call.reservedPicos;
    if (!bot.entitled) return "not_entitled";
    if (bot.held) return "held";
    if (spent.dayPicos + picos > bot.dayCap) return "day_cap";
    if (spent.monthPicos + picos > bot.monthCap) return "month_cap";
    if (cause !== "chat" && spent.unattendedPicos + picos > bot.unattendedCap) return "unattended_cap";
    if (run.picos + picos > bot.runCap) return "run_cap";
    if (run.calls >= bot.runMaxCalls) return "run_calls";
    return null;
  }
}

function key({ botId, traceId }: Pick<Call, "botId" | "traceId">): string {
  return `${botId}/${traceId}`;
}

function daysBefore(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
}
