import type { Deps } from "../deps.ts";
import { isMissing, stripeOf, withStripe } from "./stripe.ts";

/** More than anybody has; what is left over is found by the next call. */
const PAGE = 100;

/**
 * Ends everything a customer pays for, at once, with the accrued usage on a last invoice, and takes the
 * person's name and address off the customer. Invoices stay: the law wants them. Any number of calls is
 * one; a customer that Stripe no longer knows has nothing to end.
 * @throws {AppError} unavailable when Stripe does not answer.
 */
export async function endSubscription(deps: Pick<Deps, "config">, customer: string): Promise<void> {
  const stripe = stripeOf(deps);
  await withStripe(async () => {
    try {
      // First the pages on which somebody could still begin to pay.
      const sessions = await stripe.checkout.sessions.list({ customer, status: "open", limit: PAGE });
      for (const { id } of sessions.data) await unlessEnded(stripe.checkout.sessions.expire(id));
      // Without a status Stripe leaves out those that have ended.
      const { data } = await stripe.subscriptions.list({ customer, limit: PAGE });
      for (const { id } of data)
        await unlessEnded(stripe.subscriptions.cancel(id, { invoice_now: true, prorate: false }));
      await stripe.customers.update(customer, { email: "", name: "", metadata: "" });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  });
}

/** Somebody else ended it between our look and our call. */
async function unlessEnded(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}
