import { emit, type Act } from "../act.ts";
import type { Subscription } from "../types.ts";
import { chargeInvoice, createInvoice, finalizeInvoice, newInvoiceId } from "./invoicing.ts";
import { usageLines } from "./lines.ts";

/** Sets or takes back the end at the end of the period. */
export async function setCancelAtPeriodEnd(
  act: Act,
  subscription: Subscription,
  wanted: boolean,
): Promise<void> {
  if (subscription.cancel_at_period_end === wanted) return;
  const previous = {
    cancel_at_period_end: subscription.cancel_at_period_end,
    cancel_at: subscription.cancel_at,
  };
  subscription.cancel_at_period_end = wanted;
  subscription.cancel_at = wanted ? periodEnd(subscription) : null;
  subscription.canceled_at = wanted ? act.now : null;
  subscription.cancellation_details.reason = wanted ? "cancellation_requested" : null;
  await act.tx.put(subscription);
  await emit(act, "customer.subscription.updated", { object: subscription, previous });
}

export function periodEnd(subscription: Subscription): number {
  return subscription.items.data[0]?.current_period_end ?? subscription.created;
}

/** Ends the subscription; with `invoiceNow` the usage of the open period is billed at once. */
export async function cancelNow(
  act: Act,
  subscription: Subscription,
  { invoiceNow }: { invoiceNow: boolean },
): Promise<void> {
  Object.assign(subscription, {
    status: "canceled",
    canceled_at: subscription.canceled_at ?? act.now,
    ended_at: act.now,
  });
  subscription.cancellation_details.reason ??= "cancellation_requested";
  await act.tx.put(subscription);
  if (invoiceNow) await billUsage(act, subscription);
  await emit(act, "customer.subscription.deleted", subscription);
}

/** The last invoice of a subscription: usage only, charged at once. */
async function billUsage(act: Act, subscription: Subscription): Promise<void> {
  const id = newInvoiceId();
  const start = subscription.items.data[0]?.current_period_start ?? subscription.created;
  // What was used in this very second belongs to the bill; what lies behind a period's end does not.
  const span = { start, end: Math.min(act.now + 1, periodEnd(subscription)) };
  const lines = (await usageLines(act, { invoice: id, subscription, span })).filter(
    (line) => line.amount > 0,
  );
  if (lines.length === 0) return;
  const draft = { id, reason: "subscription_cycle" as const, lines, span, finalizesAt: null };
  const invoice = await createInvoice(act, subscription, draft);
  await finalizeInvoice(act, invoice);
  await chargeInvoice(act, invoice);
}
