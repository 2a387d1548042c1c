/**
 * What GoTrue says when something is wrong: a status, a code of its list (supabase/auth,
 * internal/api/apierrors/errorcode.go) and a sentence. The status decides what the official client
 * does: 500-504 keep the session, any other status on a refresh ends it.
 */
export class AuthError extends Error {
  override name = "AuthError";
  readonly status: number;
  readonly code: string;
  /** More fields of the body, as `weak_password`. */
  extra: Record<string, unknown> = {};
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  with(extra: Record<string, unknown>): this {
    this.extra = extra;
    return this;
  }
}

export function invalid(message: string): AuthError {
  return new AuthError(400, "validation_failed", message);
}

/** One answer for a wrong, used, old or never issued code. */
export function codeExpired(): AuthError {
  return new AuthError(403, "otp_expired", "Token has expired or is invalid");
}

/** Postgres refuses, restarts or is gone: the neighbour is broken, the caller may try again. */
const unreachable = new Set([
  "40001",
  "40P01",
  "53300",
  "57P01",
  "57P02",
  "57P03",
  "25006",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOENT",
]);

/** Turns anything thrown into an AuthError. A bug becomes 500 `unexpected_failure` with no detail. */
export function toAuthError(error: unknown): AuthError {
  if (error instanceof AuthError) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : "";
  if (code === "55P03") return new AuthError(409, "conflict", "Too many concurrent token refresh requests");
  if (code === "57014" || message === "Query read timeout") {
    return new AuthError(504, "request_timeout", "Processing this request timed out, please retry");
  }
  if (
    isFatal(error) ||
    unreachable.has(code) ||
    code.startsWith("08") ||
    /Connection terminated|timeout exceeded/.test(message)
  ) {
    return new AuthError(503, "unexpected_failure", "The account store cannot be reached, please retry");
  }
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new AuthError(413, "validation_failed", "Body is too large");
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new AuthError(415, "validation_failed", "Body must be JSON");
  }
  if (statusOf(error) === 400) return new AuthError(400, "bad_json", "Could not parse request body as JSON");
  return new AuthError(500, "unexpected_failure", "Unexpected failure, please check server logs");
}

/** Postgres ended the connection, or would not open one. */
function isFatal(error: unknown): boolean {
  return typeof error === "object" && error !== null && "severity" in error && error.severity === "FATAL";
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

function statusOf(error: unknown): number {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return 500;
  return typeof error.statusCode === "number" ? error.statusCode : 500;
}
