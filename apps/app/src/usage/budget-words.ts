/**
 * What may be spent, in words and shares. Pure. The ledger counts provider cost; people read and type
 * what they pay, which is that times 1.2, so every amount here is turned at this one place.
 */
import {
  chargePicos,
  formatDollars,
  MAX_CAP_PICOS,
  PICOS_PER_DOLLAR,
  type BudgetView,
  type HoldReason,
} from "@molt/contract";
import { share } from "./usage-format.ts";

export type LimitKind = "month" | "day" | "unattended";

export interface Limit {
  readonly kind: LimitKind;
  readonly name: string;
  /** "$3.20 of $24.00" */
  readonly amounts: string;
  /** What is left and until when, or that nothing is. */
  readonly left: string;
  /** 0 to 1; a limit of nothing is used up. */
  readonly used: number;
  /** calm below four fifths, near below all, full at all. */
  readonly state: "calm" | "near" | "full";
}

const NEAR = 0.8;

const names = {
  month: "This month",
  day: "Today",
  unattended: "Today, without you",
} satisfies Record<LimitKind, string>;

/** Days and months of the ledger are UTC; what a reader needs to know is when it starts again. */
function startsAgain(kind: LimitKind, now: Date, locale?: string): { at: string; word: "on" | "at" } {
  const at =
    kind === "month"
      ? new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1))
      : new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1));
  return kind === "month"
    ? { at: at.toLocaleDateString(locale, { day: "numeric", month: "long", timeZone: "UTC" }), word: "on" }
    : { at: at.toLocaleTimeString(locale, { hour: "numeric", minute: "2-digit" }), word: "at" };
}

/** The three limits of a budget, the widest first. */
export function limitsOf(budget: BudgetView, now: Date, locale?: string): Limit[] {
  const of = (kind: LimitKind, spent: string, cap: string): Limit => {
    const [spentPicos, capPicos] = [chargePicos(BigInt(spent)), chargePicos(BigInt(cap))];
    const used = capPicos === 0n ? 1 : Math.min(1, share(spentPicos.toString(), capPicos));
    const left = capPicos - spentPicos;
    const { at, word } = startsAgain(kind, now, locale);
    return {
      kind,
      name: names[kind],
      amounts: `${formatDollars(spentPicos)} of ${formatDollars(capPicos)}`,
      left: left > 0n ? `${formatDollars(left)} left until ${at}` : `Used up. It starts again ${word} ${at}`,
      used,
      state: used >= 1 ? "full" : used >= NEAR ? "near" : "calm",
    };
  };
  return [
    of("month", budget.monthPicos, budget.monthCapPicos),
    of("day", budget.dayPicos, budget.dayCapPicos),
    of("unattended", budget.unattendedDayPicos, budget.unattendedDayCapPicos),
  ];
}

/** One quiet line for the chat when a limit is near, the fullest one first. Null while all is well. */
export function nearWords(budget: BudgetView, now: Date, locale?: string): string | null {
  const limits = limitsOf(budget, now, locale).filter((limit) => limit.state !== "calm");
  // Work without anybody there is not what somebody who chats waits for: it speaks last, and only when it stopped.
  const [own] = limits.filter((limit) => limit.kind !== "unattended").toSorted((a, b) => b.used - a.used);
  if (own) {
    const whose = own.kind === "month" ? "this month’s limit" : "today’s limit";
    if (own.state === "full") return `${capital(whose)} is used up. ${own.left.replace("Used up. ", "")}.`;
    return `${Math.floor(own.used * 100)} % of ${whose} is used. ${own.left}.`;
  }
  const alone = limits.find((limit) => limit.state === "full");
  return alone ? "For today it has done all it may do without you. Write, and it answers." : null;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

const holdTitles = {
  loop: "Your bot was going round in circles",
  unattended: "Your bot kept spending with nobody there",
  rate: "Your bot spent far more than usual",
  user: "Spending is paused",
  operator: "Spending was stopped by the operator",
} satisfies Record<HoldReason, string>;

export const holdTitle = (reason: HoldReason): string => holdTitles[reason];

/** Dollars a person pays, as typed, as the provider cost the ledger limits: never above what was typed. */
export function capOf(text: string): { picos: string } | { problem: string } {
  const typed = text
    .trim()
    .replace(/^\$\s*/, "")
    .replace(/^(\d+),(\d{1,2})$/, "$1.$2");
  if (typed === "") return { problem: "Say an amount in dollars. 0 stops it." };
  const match = /^(\d{1,6})(?:\.(\d{1,2}))?$/.exec(typed);
  if (!match) return { problem: "Write dollars and cents, as in 24.00." };
  const cents = BigInt(match[1] ?? "0") * 100n + BigInt((match[2] ?? "").padEnd(2, "0"));
  const cost = (cents * (PICOS_PER_DOLLAR / 100n) * 10n) / 12n;
  if (cost > MAX_CAP_PICOS) return { problem: `At most ${formatDollars(chargePicos(MAX_CAP_PICOS))}.` };
  return { picos: cost.toString() };
}

/** A cap as a person would type it: "24.00". */
export function dollarsTyped(capPicos: string): string {
  const centPicos = PICOS_PER_DOLLAR / 100n;
  const cents = (chargePicos(BigInt(capPicos)) + centPicos / 2n) / centPicos;
  return `${cents / 100n}.${(cents % 100n).toString().padStart(2, "0")}`;
}
