/**
 * Stripe through its official client, and the only file that imports it. The base address decides
 * whether Stripe answers or local/stripe does; there is no second path.
 */
import { createHash } from "node:crypto";
import Stripe from "stripe";
import type { Config } from "../config.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";

export type StripeSubscription = Stripe.Subscription;
export type StripeEvent = Stripe.Event;
export type StripeSession = Stripe.Checkout.Session;
export type StripePrice = Stripe.Price;
export type StripeNotification = Stripe.V2.Core.EventNotification;

/** What the client is made of; an operator's command has nothing else of a configuration. */
export type StripeSettings = Pick<Config, "version"> & {
  stripe: Pick<Config["stripe"], "url" | "secretKey">;
};

/** One attempt. With two retries and their pauses a call ends within half a minute. */
const timeoutMs = 9_000;
/** Stripe's own tolerance; the SDK checks the past only, we check the future as well. */
const toleranceSeconds = 300;

const clients = new WeakMap<StripeSettings, Stripe>();

export function stripeOf({ config }: { config: StripeSettings }): Stripe {
  const known = clients.get(config);
  if (known) return known;
  const base = new URL(config.stripe.url);
  const protocol = base.protocol === "http:" ? "http" : "https";
  const client = new Stripe(config.stripe.secretKey, {
    host: base.hostname,
    port: base.port || (protocol === "http" ? 80 : 443),
    protocol,
    maxNetworkRetries: 2,
    timeout: timeoutMs,
    telemetry: false,
    appInfo: { name: "molt-os", version: config.version },
  });
  clients.set(config, client);
  return client;
}

/** Whether the key, and so every event we accept, belongs to Stripe's live mode. */
export function isLive(config: Config): boolean {
  return /^(sk|rk)_live_/.test(config.stripe.secretKey);
}

/**
 * The event behind a signed body: any of our secrets may have signed it, so that a secret can be
 * changed without a gap. Checked here because the SDK does not: a time in the future, the mode, and
 * that the event is of our own account.
 * @throws {AppError} invalid_input for everything that is not a fresh event of ours.
 */
export function verifyEvent(deps: Deps, body: Buffer, signature: string | undefined): StripeEvent {
  const { config } = deps;
  const { header, now } = checkTime(deps, signature);
  const event = firstThatVerifies(config.stripe.webhookSecrets, (secret) =>
    Stripe.webhooks.constructEvent(body, header, secret, toleranceSeconds, undefined, now),
  );
  checkOwner(config, event, event.account);
  return event;
}

/**
 * The notification behind a signed body, as Stripe sends what its meters report: an id and a type,
 * without data. The same checks as for an event.
 * @throws {AppError} invalid_input.
 */
export function verifyNotification(
  deps: Deps,
  body: Buffer,
  signature: string | undefined,
): StripeNotification {
  const { config } = deps;
  const { header, now } = checkTime(deps, signature);
  const notification = firstThatVerifies(config.stripe.meterWebhookSecrets, (secret) =>
    stripeOf(deps).parseEventNotification(body, header, secret, toleranceSeconds, undefined, now),
  );
  checkOwner(config, notification, notification.context);
  return notification;
}

function checkTime({ clock }: Deps, signature: string | undefined): { header: string; now: number } {
  const now = clock.now().getTime();
  const signedAt = Number(/(?:^|,)t=(\d{1,12})(?:,|$)/.exec(signature ?? "")?.[1] ?? Number.NaN);
  if (signature === undefined || !(signedAt * 1000 <= now + toleranceSeconds * 1000)) {
    throw new AppError("invalid_input", "The signature is missing or not of this time.");
  }
  return { header: signature, now };
}

/** @param account set where the event is another account's. */
function checkOwner(config: Config, event: { id: string; livemode: boolean }, account: unknown): void {
  if (event.livemode === isLive(config) && (account === undefined || account === null)) return;
  throw new AppError("invalid_input", "The event belongs to another mode or account.", {
    detail: { event: event.id },
  });
}

function firstThatVerifies<T>(secrets: readonly string[], verify: (secret: string) => T): T {
  let cause: unknown;
  for (const secret of secrets) {
    try {
      return verify(secret);
    } catch (error) {
      // The next secret may be the one; the last failure is the cause.
      cause = error;
    }
  }
  throw new AppError("invalid_input", "The signature does not fit.", { cause });
}

/** A key that is the same for the same request, and another for another. */
export function stableKey(name: string, params: unknown): string {
  return `${name}/${createHash("sha256").update(JSON.stringify(params)).digest("hex").slice(0, 16)}`;
}

export function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeInvalidRequestError && error.code === "resource_missing";
}

export function isAlreadyThere(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeInvalidRequestError && error.code === "resource_already_exists";
}

/** Stripe answers a stored failure of its own to every further request under the same key. */
export function isStoredFailure(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeAPIError && (error.statusCode ?? 0) >= 500;
}

/** The key was used for another request; this one has not been carried out. */
export function isKeyTaken(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeIdempotencyError && error.statusCode !== 409;
}

/** Why Stripe did not say yes to a meter event, and what follows. */
export interface MeterRefusal {
  /**
   * known: it has an event with this identifier, so ours was accepted before.
   * later: the same request may succeed, or its answer was lost.
   * never: only a person can mend it.
   */
  verdict: "known" | "later" | "never";
  /** Nobody there, or overloaded: whatever comes next would meet the same. */
  isDown: boolean;
  why: string;
}

/**
 * A repeated identifier is refused, and Stripe gives it no code, so its words are read
 * (docs.stripe.com/api/billing/meter-event). Throws what is no answer of Stripe's.
 */
export function readMeterRefusal(error: unknown): MeterRefusal {
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
  const why = `${error.code ?? error.type}: ${error.message}`.slice(0, 300);
  const isTwin =
    error.code === "duplicate_meter_event" ||
    error.message.startsWith("An event already exists with identifier");
  if (isTwin) return { verdict: "known", isDown: false, why };
  const isDown =
    error instanceof Stripe.errors.StripeConnectionError ||
    error instanceof Stripe.errors.StripeAPIError ||
    error instanceof Stripe.errors.StripeRateLimitError ||
    error instanceof Stripe.errors.StripeAuthenticationError ||
    error instanceof Stripe.errors.StripePermissionError;
  // 409: two events of one customer at once. In the future: our database's clock is ahead of Stripe's.
  const passes = isDown || error.statusCode === 409 || error.code === "timestamp_in_future";
  return { verdict: passes ? "later" : "never", isDown, why };
}

/** Stripe's failure as one of ours: what may pass says so, what may not is for the log. */
export function asAppError(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const detail = { stripe: error.type, code: error.code ?? null, stripeRequest: error.requestId ?? null };
  const passes =
    error instanceof Stripe.errors.StripeConnectionError ||
    error instanceof Stripe.errors.StripeAPIError ||
    error instanceof Stripe.errors.StripeRateLimitError ||
    error.statusCode === 409;
  return passes
    ? new AppError("unavailable", "The payment service does not answer right now. Please try again.", {
        cause: error,
        detail,
      })
    : new AppError("upstream_failed", "The payment service refused the request. It has been noted.", {
        cause: error,
        detail,
      });
}

/** Runs a conversation with Stripe and lets only our own errors out. */
export async function withStripe<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw asAppError(error);
  }
}

/** Cents with up to twelve decimals. */
export function decimal(text: string): Stripe.Decimal {
  return Stripe.Decimal.from(text);
}
