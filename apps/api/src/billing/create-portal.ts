import type { Config } from "../config.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { stableKey, stripeOf, withStripe } from "./stripe.ts";
import { selectBillingUser } from "./table.ts";

/** Rises with the features below: configurations at Stripe are found by it. */
const revision = "molt-portal-1";
const known = new WeakMap<Config, string>();

/**
 * The address of the page for card, invoices and cancellation.
 * @throws {AppError} no_subscription for somebody who never came to a checkout.
 */
export async function createPortal(deps: Deps, userId: string): Promise<{ portalUrl: string }> {
  const user = await selectBillingUser(deps.db, userId);
  const customer = user?.stripe_customer_id;
  if (!customer) throw new AppError("no_subscription", "You have no plan yet.");
  return withStripe(async () => {
    const configuration = await ensureConfiguration(deps);
    const session = await stripeOf(deps).billingPortal.sessions.create({
      customer,
      configuration,
      return_url: `${deps.config.urls.app}/settings`,
    });
    return { portalUrl: session.url };
  });
}

/** Card, invoices, cancellation at the end of the period; no plan switch, no quantity, no pause. */
async function ensureConfiguration(deps: Deps): Promise<string> {
  const remembered = known.get(deps.config);
  if (remembered) return remembered;
  const stripe = stripeOf(deps);
  const { data } = await stripe.billingPortal.configurations.list({ active: true, limit: 100 });
  const found = data.find((configuration) => configuration.metadata?.["revision"] === revision);
  const params = {
    metadata: { revision },
    features: {
      payment_method_update: { enabled: true },
      invoice_history: { enabled: true },
      subscription_cancel: { enabled: true, mode: "at_period_end" as const },
      subscription_pause: { enabled: false },
    },
  };
  const { id } =
    found ??
    (await stripe.billingPortal.configurations.create(params, {
      idempotencyKey: stableKey("portal", params),
    }));
  known.set(deps.config, id);
  return id;
}
