/** The user's bot as the api shows it, and the endpoints that ask for one. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { instant, uuid } from "./text.ts";

/** What the bot is doing, in the words of the house. A user without a bot has `bot: null`. */
export const botStatus = z.enum([
  "provisioning", // paid, being born
  "running", // awake, answers at once
  "waking", // asleep a moment ago
  "asleep", // suspended, wakes when written to
  "paused", // subscription or cap does not allow it to run; its data is kept
  "failed", // could not be born or woken; `failure` says why
  "deleting",
]);
export type BotStatus = z.infer<typeof botStatus>;

/** The steps of a birth or a wake, in order. The app draws them as progress. */
export const botSteps = ["queued", "app", "volume", "machine", "boot", "connect", "ready"] as const;
export const botStep = z.enum(botSteps);
export type BotStep = z.infer<typeof botStep>;

export const botView = z.object({
  id: uuid,
  status: botStatus,
  step: botStep,
  /** When the present step began: the app counts seconds from here. */
  stepSince: instant,
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  createdAt: instant,
  lastActiveAt: instant,
});
export type BotView = z.infer<typeof botView>;

export const provision = endpoint({
  method: "POST",
  path: "/provision",
  summary:
    "Ask for my bot. Idempotent: answers the bot that exists, or starts its birth. Also the retry after a failure.",
  caller: "user",
  input: z.strictObject({}),
  output: z.object({ bot: botView }),
});
