/**
 * Every error code the api may answer, with its HTTP status and whether the same request may
 * succeed later without a change. docs/errors.md explains each one; a test keeps the two equal.
 */
import { z } from "zod";

export const errorTable = {
  invalid_input: { status: 400, retryable: false },
  not_signed_in: { status: 401, retryable: false },
  no_subscription: { status: 402, retryable: false },
  not_yours: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  account_ending: { status: 410, retryable: false },
  conflict: { status: 409, retryable: true },
  too_large: { status: 413, retryable: false },
  rate_limited: { status: 429, retryable: true },
  internal: { status: 500, retryable: false },
  upstream_failed: { status: 502, retryable: true },
  unavailable: { status: 503, retryable: true },
  bot_unreachable: { status: 503, retryable: true },
} as const;

export type ErrorCode = keyof typeof errorTable;

const codes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];

/**
 * Which limit was reached, where `rate_limited` does not mean "wait a moment": too much of one network
 * today, or a list that takes nothing more today from anybody.
 */
export const limitReason = z.enum(["network_today", "full_today"]);
export type LimitReason = z.infer<typeof limitReason>;

/** The one error envelope of every endpoint. `message` is written for the person who reads it. */
export const errorBody = z.object({
  error: z.object({
    code: z.enum(codes),
    message: z.string(),
    requestId: z.string(),
    retryable: z.boolean(),
    reason: limitReason.optional(),
  }),
});
export type ErrorBody = z.infer<typeof errorBody>;
