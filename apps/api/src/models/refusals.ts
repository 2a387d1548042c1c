/**
 * What a bot is told when its call does not go out, in the provider's own error shape.
 *
 * OpenClaw decides by the words (reference: openclaw, section 8): a 402 whose message says "usage
 * limit" is shown to the person at once and not tried again. The words credits, balance, billing,
 * spend limit, payment required, top up, out of budget, insufficient quota, and subscription or
 * current plan beside limit would switch the provider off for ten minutes. And it shows the sentence
 * only if it is at most 300 characters and says when it ends or names a plan or quota ("resets",
 * "quota", …); otherwise the person reads "API rate limit reached". refusals.test.ts holds
 * every message to that.
 */
import { chargePicos, formatDollars, type HoldReason } from "@molt/contract";
import type { ModelApi } from "./providers.ts";
import type { RefusalReason } from "./table.ts";

export interface Refusal {
  status: number;
  type: string;
  message: string;
  retryAfterSeconds?: number;
  /** Of a refusal by the bot's budget. */
  reason?: RefusalReason | "unknown_bot";
  /** What this request would have had to reserve. */
  reservedPicos?: bigint;
}

export class CallRefused extends Error {
  override name = "CallRefused";
  readonly refusal: Refusal;
  constructor(refusal: Refusal, cause?: unknown) {
    super(refusal.message, { cause });
    this.refusal = refusal;
  }
}

/** A usage limit, told with the time at which it ends. */
export function budgetRefusal(reason: RefusalReason | "unknown_bot", now: Date): Refusal {
  return {
    status: 402,
    type: "quota_exceeded",
    message: `Usage limit reached: ${budgetSentence(reason, now)}`,
    reason,
  };
}

/**
 * One request that no untouched cap has room for: a document, say, of which nobody knows what it holds.
 * @param cap whose: "of one task". Amounts are a provider's cost; people know what they pay for it.
 */
export function tooDear(cap: string, reservedPicos: bigint, capPicos: bigint): Refusal {
  const [most, limit] = [reservedPicos, capPicos].map((picos) => formatDollars(chargePicos(picos)));
  return {
    status: 402,
    type: "quota_exceeded",
    message: `Usage limit reached: this one request may cost up to ${most}, and the quota ${cap} is ${limit}. Raise that limit in the app, or go on in a new chat without large files.`,
  };
}

/** Why a bot is on hold and what lifts it. Undefined: it was lifted a moment ago. */
export function heldRefusal(reason: HoldReason | undefined): Refusal {
  const sentence = reason
    ? heldSentences[reason]
    : "this bot's quota was on hold until a moment ago. Please try again.";
  return { status: 402, type: "quota_exceeded", message: `Usage limit reached: ${sentence}`, reason: "held" };
}

const heldSentences: Record<HoldReason, string> = {
  loop: "this bot asked the model the same thing again and again, so its quota is on hold. Open the app to look, and let it go on.",
  unattended:
    "this bot worked for hours while nobody was there, so its quota is on hold. Open the app to look, and let it go on.",
  rate: "this bot used far more than usual within an hour, so its quota is on hold. Open the app to look, and let it go on.",
  user: "this bot's quota is on hold because you stopped it. Open the app to let it go on.",
  operator: "this bot's quota is on hold by the operator of the service. Please write to support.",
};

function budgetSentence(reason: RefusalReason | "unknown_bot", now: Date): string {
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
  const firstDay = new Intl.DateTimeFormat("en", { day: "numeric", month: "long", timeZone: "UTC" }).format(
    month,
  );
  switch (reason) {
    case "not_entitled":
    case "unknown_bot":
      return "this bot is paused and has no quota. Open the app to wake it again.";
    case "held":
      return "this bot's quota is on hold because it used far more than usual.";
    case "day_cap":
      return "the cap for today is used up. It resets at midnight UTC.";
    case "month_cap":
      return `the cap for this month is used up. It resets on ${firstDay}.`;
    case "unattended_cap":
      return "the part of today's cap for work without you is used up. It resets at midnight UTC; write to your bot and it goes on at once.";
    case "run_cap":
      return "this one task used up the quota of a single task. Send a new message to go on.";
    case "run_calls":
      return "this one task asked the model more often than its quota allows. Send a new message to go on.";
  }
}

export const refusals = {
  unknownKey: { status: 401, type: "authentication_error", message: "This key is not valid." },
  wrongMachine: {
    status: 401,
    type: "authentication_error",
    message: "This key is not valid from where it is used.",
  },
  notFound: { status: 404, type: "not_found_error", message: "There is no such endpoint." },
  tooLarge: { status: 413, type: "request_too_large", message: "The request is larger than 32 MB." },
  ledgerDown: {
    status: 503,
    type: "api_error",
    message: "The model is not reachable right now. Please try again.",
    retryAfterSeconds: 2,
  },
  providerDown: {
    status: 503,
    type: "api_error",
    message: "The model provider is not reachable right now. Please try again.",
    retryAfterSeconds: 5,
  },
  providerRefusesUs: {
    status: 503,
    type: "api_error",
    message: "The model provider does not answer this platform right now. The operator was told.",
  },
  tooMany: {
    status: 429,
    type: "rate_limit_error",
    message: "Too many requests at once. Please slow down.",
    retryAfterSeconds: 5,
  },
  stopping: {
    status: 503,
    type: "api_error",
    message: "The model proxy restarts. Please try again.",
    retryAfterSeconds: 1,
  },
} as const satisfies Record<string, Refusal>;

export function tooManyTokens(waitSeconds: number): CallRefused {
  const message = "Too many tokens in one minute. Please slow down.";
  return new CallRefused({ ...refusals.tooMany, message, retryAfterSeconds: waitSeconds });
}

export function tooMuchWork(waitSeconds: number): CallRefused {
  const message = "Too many large requests in one minute. Please slow down.";
  return new CallRefused({ ...refusals.tooMany, message, retryAfterSeconds: waitSeconds });
}

export function badRequest(message: string): CallRefused {
  return new CallRefused({ status: 400, type: "invalid_request_error", message });
}

export function modelNotAvailable(model: string): CallRefused {
  const message = `Model not available: ${JSON.stringify(model.slice(0, 100))}. This platform has no price for it.`;
  return new CallRefused({ status: 422, type: "invalid_request_error", message });
}

/** The error body as the provider of this wire format would send it. */
export function refusalBody(api: ModelApi, { type, message }: Refusal): string {
  if (api === "anthropic-messages") return JSON.stringify({ type: "error", error: { type, message } });
  return JSON.stringify({ error: { message, type, param: null, code: type } });
}
