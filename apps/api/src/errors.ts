import { errorTable, type ErrorCode, type LimitReason } from "@molt/contract";

/**
 * What a request may fail with. The message is for the user; detail and cause are for the log.
 * A bug is not an AppError: let it throw, it becomes `internal` with a request id.
 */
export class AppError extends Error {
  override name = "AppError";
  readonly code: ErrorCode;
  readonly detail: Record<string, unknown>;
  readonly reason: LimitReason | undefined;
  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; detail?: Record<string, unknown>; reason?: LimitReason } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.detail = options.detail ?? {};
    this.reason = options.reason;
  }
  get status(): number {
    return errorTable[this.code].status;
  }
  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }
}
