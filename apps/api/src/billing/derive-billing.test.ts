import assert from "node:assert/strict";
import { test } from "node:test";
import { deriveBilling } from "./derive-billing.ts";
import type { StripeSubscription } from "./stripe.ts";

/** Only what the function reads; the wire's own shape is tested through the client. */
function subscription(fields: Record<string, unknown>): StripeSubscription {
  return {
    id: "sub_1",
    created: 1,
    cancel_at: null,
    cancel_at_period_end: false,
    latest_invoice: null,
    items: { data: [{ current_period_end: 1_800_000_000 }] },
    ...fields,
  } as unknown as StripeSubscription;
}

for (const { status, entitled } of [
  { status: "active", entitled: true },
  { status: "trialing", entitled: true },
  { status: "past_due", entitled: false },
  { status: "unpaid", entitled: false },
  { status: "canceled", entitled: false },
  { status: "incomplete", entitled: false },
  { status: "incomplete_expired", entitled: false },
  { status: "paused", entitled: false },
] as const) {
  test(`${status} ${entitled ? "lets the bot run" : "does not let the bot run"}`, () => {
    const derived = deriveBilling([subscription({ status })]);
    assert.deepEqual([derived.status, derived.entitled, derived.subscriptionId], [status, entitled, "sub_1"]);
  });
}

test("a word that Stripe has not said yet never entitles", () => {
  assert.equal(deriveBilling([subscription({ status: "levitating" })]).entitled, false);
});

test("nobody without a subscription has a plan", () => {
  const { status, entitled, subscriptionId } = deriveBilling([]);
  assert.deepEqual([status, entitled, subscriptionId], ["none", false, null]);
});

test("active with an unpaid first invoice is incomplete; with an open renewal it is active", () => {
  const invoice = (billing_reason: string, status: string) => ({
    latest_invoice: { billing_reason, status },
  });
  const of = (fields: object) => deriveBilling([subscription({ status: "active", ...fields })]).status;
  assert.equal(of(invoice("subscription_create", "open")), "incomplete");
  assert.equal(of(invoice("subscription_create", "paid")), "active");
  assert.equal(of(invoice("subscription_cycle", "draft")), "active");
});

test("F42 of two subscriptions the paying one speaks, and the other is named for a refund", () => {
  const derived = deriveBilling([
    subscription({ id: "sub_old", status: "canceled", created: 9 }),
    subscription({ id: "sub_a", status: "active", created: 1 }),
    subscription({ id: "sub_b", status: "active", created: 2 }),
  ]);
  assert.deepEqual([derived.subscriptionId, derived.surplus], ["sub_b", ["sub_a"]]);
});

test("an end in sight is an end, whichever field says so", () => {
  assert.equal(deriveBilling([subscription({ status: "active", cancel_at: 5 })]).cancelAtPeriodEnd, true);
  assert.equal(
    deriveBilling([subscription({ status: "active", cancel_at_period_end: true })]).cancelAtPeriodEnd,
    true,
  );
  assert.equal(deriveBilling([subscription({ status: "canceled", cancel_at: 5 })]).cancelAtPeriodEnd, false);
});
