import type { SubscriptionStatus } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { isMissing, stripeOf, withStripe } from "./stripe.ts";
import { syncSubscription } from "./sync-subscription.ts";
import { selectBillingUser } from "./table.ts";

/**
 * What the return page calls: the same look at Stripe that the webhook causes, only sooner.
 * Idempotent. Somebody else's session and an unknown one look the same.
 * @throws {AppError} not_found
 */
export async function confirmCheckout(
  deps: Deps,
  userId: string,
  sessionId: string,
): Promise<{ status: SubscriptionStatus }> {
  const user = await selectBillingUser(deps.db, userId);
  const customer = user?.stripe_customer_id;
  const session = customer ? await findSession(deps, sessionId) : undefined;
  if (!customer || session?.client_reference_id !== userId || session.customer !== customer) {
    throw new AppError("not_found", "This checkout is not known.");
  }
  return { status: (await syncSubscription(deps, customer)) ?? "none" };
}

function findSession(deps: Deps, sessionId: string) {
  return withStripe(async () => {
    try {
      return await stripeOf(deps).checkout.sessions.retrieve(sessionId);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}
