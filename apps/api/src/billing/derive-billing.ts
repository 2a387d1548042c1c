/** From what Stripe says to what we store: a pure function, so that every order of events ends alike. */
import { entitled, type SubscriptionStatus } from "@molt/contract";
import type { StripeSubscription } from "./stripe.ts";
import type { BillingState } from "./table.ts";

/** Which subscription speaks for the user when there are several: the best, then the newest. */
const rank: Record<SubscriptionStatus, number> = {
  active: 0,
  trialing: 1,
  past_due: 2,
  unpaid: 3,
  paused: 4,
  incomplete: 5,
  canceled: 6,
  incomplete_expired: 7,
  none: 8,
};

/** Statuses of a subscription that exists: it can be paid for and its usage is billed. */
export const liveStatuses: readonly SubscriptionStatus[] = [
  "active",
  "trialing",
  "past_due",
  "unpaid",
  "paused",
];

/** Statuses in which a second checkout would be a second subscription. */
export function isLiveStatus(status: SubscriptionStatus): boolean {
  return liveStatuses.includes(status);
}

/**
 * Stripe's status, with one reservation: where the bank confirms later, Stripe calls a subscription
 * active while its first invoice is unpaid. No money, no bot: that is `incomplete`.
 * Wants `latest_invoice` expanded.
 */
export function effectiveStatus(subscription: StripeSubscription): SubscriptionStatus {
  const invoice = subscription.latest_invoice;
  if (
    subscription.status === "active" &&
    invoice !== null &&
    typeof invoice === "object" &&
    invoice.billing_reason === "subscription_create" &&
    invoice.status !== "paid"
  ) {
    return "incomplete";
  }
  // The SDK's type admits future words; an unknown one never entitles.
  return subscription.status in rank ? (subscription.status as SubscriptionStatus) : "incomplete";
}

/** What a mail says of an invoice. Amounts in the currency's smallest unit. */
export interface LatestInvoice {
  id: string;
  number: string | null;
  totalCents: number;
  dueCents: number;
  currency: string;
  url: string | null;
  /** Null until it is paid. */
  paidAt: Date | null;
  /** The plan's period that it was written in. */
  from: Date;
  to: Date;
}

export interface Derived extends BillingState {
  entitled: boolean;
  /** Of the subscription that speaks for the user. */
  invoice: LatestInvoice | null;
  /** Further subscriptions that cost the user money: somebody has to give it back. */
  surplus: string[];
}

export function deriveBilling(subscriptions: readonly StripeSubscription[]): Derived {
  const sorted = subscriptions
    .map((subscription) => ({ subscription, status: effectiveStatus(subscription) }))
    .toSorted((a, b) => rank[a.status] - rank[b.status] || b.subscription.created - a.subscription.created);
  const [best, ...others] = sorted;
  if (!best) {
    return {
      status: "none",
      subscriptionId: null,
      currentPeriodEnd: null,
      cancelAtPeriodEnd: false,
      entitled: false,
      invoice: null,
      surplus: [],
    };
  }
  const { subscription, status } = best;
  const ends = subscription.items.data.map((item) => item.current_period_end);
  return {
    status,
    subscriptionId: subscription.id,
    currentPeriodEnd: ends.length === 0 ? null : new Date(Math.max(...ends) * 1000),
    // The portal sets either of the two, depending on the billing mode.
    cancelAtPeriodEnd:
      isLiveStatus(status) && (subscription.cancel_at_period_end || subscription.cancel_at !== null),
    entitled: entitled.includes(status),
    invoice: latestInvoice(subscription),
    surplus: others.filter((other) => isLiveStatus(other.status)).map((other) => other.subscription.id),
  };
}

/** Null where there is none, or it was not expanded. */
function latestInvoice(subscription: StripeSubscription): LatestInvoice | null {
  const invoice = subscription.latest_invoice;
  const [item] = subscription.items.data;
  if (invoice === null || typeof invoice !== "object" || !invoice.id || !item) return null;
  const paidAt = invoice.status === "paid" ? (invoice.status_transitions?.paid_at ?? null) : null;
  return {
    id: invoice.id,
    number: invoice.number,
    totalCents: invoice.total,
    dueCents: invoice.amount_remaining,
    currency: invoice.currency,
    url: invoice.hosted_invoice_url ?? null,
    paidAt: paidAt === null ? null : new Date(paidAt * 1000),
    from: new Date(item.current_period_start * 1000),
    to: new Date(item.current_period_end * 1000),
  };
}
