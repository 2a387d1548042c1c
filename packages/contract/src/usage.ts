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

export const getUsage = endpoint({
  method: "GET",
  path: "/usage",
  summary: "One calendar month (UTC) of the ledger: totals, days, models and the latest calls.",
  caller: "user",
  input: z.strictObject({
    month: z
      .string()
      .regex(/^\d{4}-(0[1-9]|1[0-2])$/)
      .optional(),
  }),
  output: z.object({
    month: z.string(),
    total: z.object({ ...totals, chargePicos: picos }),
    byDay: z.array(z.object({ day: z.iso.date(), ...totals })),
    byModel: z.array(z.object({ model: z.string(), ...totals })),
    byCause: z.array(z.object({ cause: callCause, ...totals })),
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
