import type { Config } from "../config.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { isLiveStatus } from "./derive-billing.ts";
import { ensureCatalog, forgetCatalog, type Catalog } from "./ensure-catalog.ts";
import {
  isKeyTaken,
  isMissing,
  isStoredFailure,
  stripeOf,
  type StripeSession,
  withStripe,
} from "./stripe.ts";
import { syncSubscription } from "./sync-subscription.ts";
import { type BillingUser, raiseAttempt, selectBillingUser, setCustomer } from "./table.ts";

/** Ended attempts that one request may step over. */
const maxAttempts = 4;

/**
 * The address of a payment page for the plan. Any number of requests at once get one page: the
 * session's key is the user's attempt, and the attempt rises only when a session has ended.
 * @throws {AppError} conflict for somebody who has the plan or whose payment is being confirmed.
 */
export async function createCheckout(deps: Deps, userId: string): Promise<{ checkoutUrl: string }> {
  return withStripe(async () => {
    const catalog = await ensureCatalog(deps);
    for (let step = 0; step < maxAttempts; step += 1) {
      const user = await needUser(deps, userId);
      const customer = await ensureCustomer(deps, user);
      if (customer === user.stripe_customer_id) await refuseIfPaying(deps, customer);
      const session =
        (await openSession(deps, userId, customer)) ?? (await newSession(deps, { user, customer, catalog }));
      if (session?.status === "open" && session.url !== null) return { checkoutUrl: session.url };
      // The key remembers a session that has ended since, or one of another price or address.
      if (session?.status === "complete") await refuseIfPaying(deps, customer);
      await raiseAttempt(deps.db, userId, user.checkout_attempt);
    }
    throw new AppError("unavailable", "The payment page could not be opened. Please try again.", {
      detail: { userId },
    });
  });
}

async function needUser({ db }: Deps, userId: string): Promise<BillingUser> {
  const user = await selectBillingUser(db, userId);
  if (!user) throw new AppError("not_signed_in", "Please sign in again.");
  return user;
}

/** The user's customer at Stripe, made once. One that was deleted there is replaced. */
async function ensureCustomer(deps: Deps, user: BillingUser): Promise<string> {
  const stripe = stripeOf(deps);
  const old = user.stripe_customer_id;
  if (old !== null) {
    const known = await stripe.customers.retrieve(old).catch((error: unknown) => {
      if (isMissing(error)) return { deleted: true as const };
      throw error;
    });
    if (!known.deleted) return old;
  }
  const made = await stripe.customers.create(
    { email: user.email, metadata: { user_id: user.id } },
    { idempotencyKey: `customer/${user.id}/${old ?? "first"}` },
  );
  const kept = await setCustomer(deps.db, user.id, { id: made.id, instead: old });
  if (kept === undefined) throw new AppError("not_signed_in", "Please sign in again.");
  return kept;
}

async function refuseIfPaying(deps: Deps, customer: string): Promise<void> {
  const status = await syncSubscription(deps, customer);
  if (status === "active" || status === "trialing")
    throw new AppError("conflict", "You already have a plan.");
  if (status !== undefined && isLiveStatus(status)) {
    throw new AppError(
      "conflict",
      "You have a plan with an open payment. Settle it under Plan and invoices.",
    );
  }
  if (status === "incomplete")
    throw new AppError("conflict", "Your payment is being confirmed. Please wait a moment.");
}

/** A page that is still open is the page, whichever attempt made it. */
async function openSession(deps: Deps, userId: string, customer: string): Promise<StripeSession | undefined> {
  const { data } = await stripeOf(deps).checkout.sessions.list({ customer, status: "open", limit: 10 });
  return data.find((session) => session.client_reference_id === userId && session.mode === "subscription");
}

interface Attempt {
  user: BillingUser;
  customer: string;
  catalog: Catalog;
}

/** Price, quantity and addresses are the server's own; nothing in them comes from a request. */
function sessionParams({ urls }: Config, { user, customer, catalog }: Attempt) {
  return {
    mode: "subscription" as const,
    customer,
    client_reference_id: user.id,
    line_items: [{ price: catalog.basePrice, quantity: 1 }, { price: catalog.usagePrice }],
    subscription_data: { metadata: { user_id: user.id }, billing_mode: { type: "flexible" as const } },
    success_url: `${urls.app}/welcome?session_id={CHECKOUT_SESSION_ID}`,
    cancel_url: `${urls.app}/subscribe?canceled=1`,
  };
}

/** The session of this attempt as it is now; undefined when the attempt's key belongs to another request. */
async function newSession(deps: Deps, attempt: Attempt): Promise<StripeSession | undefined> {
  const stripe = stripeOf(deps);
  const { user } = attempt;
  try {
    const session = await stripe.checkout.sessions.create(sessionParams(deps.config, attempt), {
      idempotencyKey: `checkout/${user.id}/${user.checkout_attempt}`,
    });
    const replayed = session.lastResponse.headers["idempotent-replayed"] === "true";
    return replayed ? await stripe.checkout.sessions.retrieve(session.id) : session;
  } catch (error) {
    if (isKeyTaken(error)) return undefined;
    // The next click comes with a fresh key; a session that was made all the same is found open then.
    if (isStoredFailure(error)) await raiseAttempt(deps.db, user.id, user.checkout_attempt);
    // A price that was archived meanwhile is found anew next time.
    forgetCatalog(deps);
    throw error;
  }
}
