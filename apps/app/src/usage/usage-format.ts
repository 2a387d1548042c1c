/** The ledger's numbers as people read them. Pure; months and days are UTC, as the ledger counts them. */
import { chargePicos, formatDollars, type CallCause, type CallState, type Usage } from "@molt/contract";

export function monthOf(date: Date): string {
  return date.toISOString().slice(0, 7);
}

/** `by` months later; "2026-01" by -1 is "2025-12". */
export function shiftMonth(month: string, by: number): string {
  const [year = 1970, index = 1] = month.split("-").map(Number);
  return monthOf(new Date(Date.UTC(year, index - 1 + by, 1)));
}

export function monthName(month: string, locale?: string): string {
  return new Date(`${month}-01T00:00:00Z`).toLocaleDateString(locale, {
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
}

/** 950, 1.2k, 34k, 1.5M: three figures at most. */
export function shortCount(n: number): string {
  for (const [unit, name] of [
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (n < unit) continue;
    const value = n / unit;
    return `${value < 10 ? (Math.floor(value * 10) / 10).toString() : Math.floor(value)}${name}`;
  }
  return String(n);
}

/** What the user pays for a provider cost. */
export function charge(costPicos: string): string {
  return formatDollars(chargePicos(BigInt(costPicos)));
}

export interface Bar {
  readonly day: string;
  readonly costPicos: string;
  readonly calls: number;
  /** 0 to 1 of the highest bar of the month. */
  readonly height: number;
}

/** One bar for every day of the month, also for the silent ones. */
export function barsOf(usage: Pick<Usage, "month" | "byDay">): Bar[] {
  const [year = 1970, index = 1] = usage.month.split("-").map(Number);
  const days = new Date(Date.UTC(year, index, 0)).getUTCDate();
  const byDay = new Map(usage.byDay.map((d) => [d.day, d]));
  const highest = usage.byDay.reduce((max, d) => (BigInt(d.costPicos) > max ? BigInt(d.costPicos) : max), 0n);
  return Array.from({ length: days }, (_, i) => {
    const day = `${usage.month}-${String(i + 1).padStart(2, "0")}`;
    const found = byDay.get(day);
    return {
      day,
      costPicos: found?.costPicos ?? "0",
      calls: found?.calls ?? 0,
      height: share(found?.costPicos ?? "0", highest),
    };
  });
}

/** part / whole as a number for a bar; picos are too large for plain division to be trusted twice. */
export function share(part: string, whole: bigint): number {
  return whole === 0n ? 0 : Number((BigInt(part) * 10_000n) / whole) / 10_000;
}

const causes = {
  chat: "You wrote",
  cron: "Its schedule",
  heartbeat: "Heartbeat",
  subagent: "A helper of its own",
  background: "Housekeeping",
} satisfies Record<CallCause, string>;
export const causeWords = (cause: CallCause): string => causes[cause];

const states = {
  reserved: "running",
  settled: "",
  estimated: "estimated",
  refused: "refused",
} satisfies Record<CallState, string>;
export const stateWords = (state: CallState): string => states[state];

/** "12 Nov, 14:05" in the reader's own time. */
export function moment(iso: string, locale?: string): string {
  return new Date(iso).toLocaleString(locale, {
    day: "numeric",
    month: "short",
    hour: "numeric",
    minute: "2-digit",
  });
}

export function dayWords(day: string, locale?: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString(locale, {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
}
