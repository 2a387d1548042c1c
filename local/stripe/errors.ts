/** Stripe's error shape. The class the SDK throws follows from the status and `type`. */

export interface ErrorFields {
  status: number;
  type: "invalid_request_error" | "idempotency_error" | "api_error" | "card_error";
  message: string;
  code?: string;
  param?: string;
  decline_code?: string;
  /** Sent as `stripe-should-retry`, which the SDK obeys before its own rules. */
  shouldRetry?: boolean;
}

export class StripeError extends Error {
  override name = "StripeError";
  readonly fields: ErrorFields;
  constructor(fields: ErrorFields) {
    super(fields.message);
    this.fields = fields;
  }
  body(requestId: string): { error: Record<string, string> } {
    const { type, message, code, param, decline_code } = this.fields;
    const error: Record<string, string> = { type, message, request_id: requestId };
    if (code) {
      error["code"] = code;
      error["doc_url"] = `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}`;
    }
    if (param) error["param"] = param;
    if (decline_code) error["decline_code"] = decline_code;
    return { error };
  }
}

export function invalid(message: string, more: { code?: string; param?: string } = {}): StripeError {
  return new StripeError({ status: 400, type: "invalid_request_error", message, ...more });
}

export function missing(what: string, id: string, param = "id"): StripeError {
  return new StripeError({
    status: 404,
    type: "invalid_request_error",
    code: "resource_missing",
    message: `No such ${what}: '${id}'`,
    param,
  });
}

export function unknownRoute(method: string, path: string): StripeError {
  return new StripeError({
    status: 404,
    type: "invalid_request_error",
    message: `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
  });
}

export function badKey(key: string | undefined): StripeError {
  const message =
    key === undefined
      ? "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
      : `Invalid API Key provided: ${key.slice(0, 8)}${"*".repeat(12)}`;
  return new StripeError({ status: 401, type: "invalid_request_error", message });
}
