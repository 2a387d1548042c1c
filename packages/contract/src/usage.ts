/** The ledger as people read it. Amounts are provider cost in pico-dollars; the charge is cost x 1.2. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { instant, picos, tokenCount, uuid } from "./text.ts";

/** Why a call was made. Everything but `chat` happened without a person writing. */
export const callCause = z.enum(["chat", "cron", "heartbeat", "subagent", "background"]);
export type CallCause = z.infer<typeof callCause>;

/** reserved: sent, not yet reported. settled: the provider's numbers. estimated: ours, and it says so. */
export const callState = z.enum(["reserved", "settled", "estimated", "refused"]);
export type CallState = z.infer<typeof callState>;

const totals = {
  calls: z.int().nonnegative(),
  tokensIn: tokenCount,
  tokensOut: tokenCount,
  costPicos: picos,
};

export const usageCall = z.object({
  id: uuid,
  at: instant,
  model: z.string(),
  cause: callCause,
  state: callState,
  messageId: uuid.nullable(),
  tokensIn: tokenCount,
  tokensOut: tokenCount,
  cacheReadTokens: tokenCount,
  cacheWriteTokens: tokenCount,
  costPicos: picos,
});
export type UsageCall = z.infer<typeof usageCall>;

/**
 * Who stopped a bot's spending. `loop`: the same request again and again. `unattended`: it went on
 * for hours with nobody there. `rate`: far above what this user's bot does otherwise. `user`: the
 * button. `operator`: only the operator lifts it.
 */
export const holdReason = z.enum(["loop", "unattended", "rate", "user", "operator"]);
export type HoldReason = z.infer<typeof holdReason>;

/** What is spent and what may be, now. Spent includes what running calls have reserved. */
export const budgetView = z.object({
  dayPicos: picos,
  dayCapPicos: picos,
  unattendedDayPicos: picos,
  unattendedDayCapPicos: picos,
  monthPicos: picos,
  monthCapPicos: picos,
  runCapPicos: picos,
  /** While it is set no call leaves. `message` is a sentence for the user. */
  hold: z.object({ reason: holdReason, since: instant, message: z.string() }).nullable(),
});
export type BudgetView = z.infer<typeof budgetView>;

/** A month by calendar (UTC), `2026-11`. */
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);

export const getUsage = endpoint({
  method: "GET",
  path: "/usage",
  summary:
    "One calendar month (UTC) of the ledger: totals, days, models, causes, messages and the latest calls.",
  caller: "user",
  input: z.strictObject({ month: month.optional() }),
  output: z.object({
    month: z.string(),
    /** Null for a user without a bot. An api that knows no budgets says nothing of them. */
    budget: budgetView.nullable().default(null),
    total: z.object({ ...totals, chargePicos: picos }),
    byDay: z.array(z.object({ day: z.iso.date(), ...totals })),
    byModel: z.array(z.object({ model: z.string(), ...totals })),
    byCause: z.array(z.object({ cause: callCause, ...totals })),
    /** The dearest messages of the month, with everything their runs asked of a model. */
    byMessage: z
      .array(z.object({ messageId: uuid, at: instant, text: z.string().max(120), ...totals }))
      .max(50)
      .default([]),
    recent: z.array(usageCall).max(100),
  }),
});
export type Usage = z.infer<typeof getUsage.output>;

export const postUsage = endpoint({
  method: "POST",
  path: "/usage",
  summary: "A bot's own claim of what it used. Kept beside the ledger for comparison, never billed.",
  caller: "bot",
  input: z.strictObject({
    claimId: uuid,
    model: z.string().min(1).max(200),
    tokensIn: z.int().nonnegative().max(10_000_000),
    tokensOut: z.int().nonnegative().max(10_000_000),
    at: instant,
  }),
  output: z.object({ accepted: z.literal(true) }),
});

export const exportUsage = endpoint({
  method: "GET",
  path: "/usage/export",
  summary:
    "Every call of one calendar month (UTC) as CSV (RFC 4180), oldest first: a file with a header row, times in UTC, cost and charge in dollars with twelve decimals. One at a time a user.",
  caller: "user",
  contentType: "text/csv",
  input: z.strictObject({ month: month.optional() }),
  output: z.string(),
});

/** The highest cap a user may choose: $1,000. */
export const MAX_CAP_PICOS = 1_000_000_000_000_000n;

const cap = picos.refine((text) => BigInt(text) <= MAX_CAP_PICOS, "is above the highest cap").optional();

export const setCaps = endpoint({
  method: "POST",
  path: "/usage/caps",
  summary: "Choose how much my bot may spend in a day, a month, a run, and a day with nobody there.",
  caller: "user",
  input: z.strictObject({
    dayCapPicos: cap,
    monthCapPicos: cap,
    unattendedDayCapPicos: cap,
    runCapPicos: cap,
  }),
  output: z.object({ budget: budgetView }),
});

export const pauseSpending = endpoint({
  method: "POST",
  path: "/usage/pause",
  summary: "Stop my bot from asking any model, at once. Idempotent.",
  caller: "user",
  input: z.strictObject({}),
  output: z.object({ budget: budgetView }),
});

export const resumeSpending = endpoint({
  method: "POST",
  path: "/usage/resume",
  summary: "Let my bot go on after the breaker or I stopped it. An operator's stop stays. Idempotent.",
  caller: "user",
  input: z.strictObject({}),
  output: z.object({ budget: budgetView }),
});
