import { AppError } from "../errors.ts";

/**
 * Why a gateway did not take us. `refused` does not get better by trying again with the same token;
 * `starting` does, after `retryAfterMs`; `unreachable` may.
 */
export type RefusalKind = "refused" | "starting" | "unreachable";

/** A connection to a bot's gateway did not come about, or is over. `detail.why` is for the log. */
export class GatewayRefusal extends AppError {
  readonly kind: RefusalKind;
  readonly retryAfterMs: number;
  readonly why: string;
  constructor(kind: RefusalKind, why: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super("bot_unreachable", "Your bot cannot be reached at the moment.", {
      cause: options.cause,
      detail: { kind, why },
    });
    this.kind = kind;
    this.why = why;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}
