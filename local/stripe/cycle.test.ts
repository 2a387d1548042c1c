import assert from "node:assert/strict";
import { test } from "node:test";
import { addIntervals } from "./clock.ts";
import { type StandIn, startStandIn, subscribe } from "./testing/stand-in.ts";

const day = 86_400;
const at = (iso: string) => Date.parse(iso) / 1000;

async function toPeriodEnd(standIn: StandIn, subscription: string, plusSeconds = 0): Promise<number> {
  const { items } = await standIn.stripe.subscriptions.retrieve(subscription);
  const end = items.data[0]?.current_period_end ?? 0;
  await standIn.control("clock", { to: end + plusSeconds });
  return end;
}

async function storeCard(standIn: StandIn, customer: string, way: string): Promise<string> {
  const configuration = await standIn.stripe.billingPortal.configurations.create({
    features: {
      payment_method_update: { enabled: true },
      subscription_cancel: { enabled: true },
      invoice_history: { enabled: true },
    },
  });
  const { url } = await standIn.stripe.billingPortal.sessions.create({
    customer,
    configuration: configuration.id,
  });
  const answer = await fetch(`${url}/card`, {
    method: "POST",
    body: new URLSearchParams({ way }),
    redirect: "manual",
  });
  assert.match(answer.headers.get("location") ?? "", /done=card$/);
  return url;
}

for (const { from, count, to } of [
  { from: "2027-01-31T10:00:00Z", count: 1, to: "2027-02-28T10:00:00Z" },
  { from: "2027-01-31T10:00:00Z", count: 2, to: "2027-03-31T10:00:00Z" },
  { from: "2026-11-22T10:00:00Z", count: 2, to: "2027-01-22T10:00:00Z" },
  { from: "2028-01-30T10:00:00Z", count: 1, to: "2028-02-29T10:00:00Z" },
]) {
  test(`${count} month(s) after ${from} is ${to}`, () =>
    assert.equal(addIntervals(at(from), "month", count), at(to)));
}

test("a period's end drafts the next invoice, and an hour later it is paid with late usage in it", async (t) => {
  const standIn = await startStandIn(t);
  const { stripe } = standIn;
  const { customer, subscription } = await subscribe(standIn);
  const use = (value: string, timestamp: number) =>
    stripe.billing.meterEvents.create({
      event_name: "ai_cost_microusd",
      payload: { stripe_customer_id: customer.id, value },
      timestamp,
    });
  const end = await toPeriodEnd(standIn, subscription, 60);
  const [draft] = (await stripe.invoices.list({ customer: customer.id })).data;
  assert.deepEqual(
    [draft?.status, draft?.billing_reason, draft?.total, draft?.automatically_finalizes_at],
    ["draft", "subscription_cycle", 5000, end + 3600],
  );
  await use("4166667", end - 1); // of the closed period, reported late
  await use("9000000", end + 1); // of the new period
  await standIn.control("clock", { to: end + 3600 });
  const paid = await stripe.invoices.retrieve(draft?.id ?? "");
  assert.deepEqual([paid.status, paid.total, paid.amount_paid], ["paid", 5500, 5500]);
  const renewed = await stripe.subscriptions.retrieve(subscription);
  assert.deepEqual([renewed.status, renewed.items.data[0]?.current_period_start], ["active", end]);
  assert.equal(
    renewed.items.data[0]?.current_period_end,
    addIntervals(renewed.billing_cycle_anchor, "month", 2),
  );
});

test("cancelling at the period's end keeps the plan until then, and bills the last usage", async (t) => {
  const standIn = await startStandIn(t);
  const { stripe } = standIn;
  const { customer, subscription } = await subscribe(standIn);
  const marked = await stripe.subscriptions.update(subscription, { cancel_at_period_end: true });
  assert.deepEqual(
    [marked.status, marked.cancel_at_period_end, marked.cancel_at],
    ["active", true, marked.items.data[0]?.current_period_end],
  );
  await stripe.billing.meterEvents.create({
    event_name: "ai_cost_microusd",
    payload: { stripe_customer_id: customer.id, value: "833333" },
  });
  const end = await toPeriodEnd(standIn, subscription);
  const gone = await stripe.subscriptions.retrieve(subscription, { expand: ["latest_invoice"] });
  assert.deepEqual([gone.status, gone.ended_at], ["canceled", end]);
  assert.equal(typeof gone.latest_invoice === "object" ? gone.latest_invoice?.total : undefined, 100);
  assert.equal((await stripe.subscriptions.list({ customer: customer.id })).data.length, 0);
  assert.equal((await stripe.events.list({ type: "customer.subscription.deleted" })).data.length, 1);
  await assert.rejects(
    stripe.subscriptions.update(subscription, { cancel_at_period_end: false }),
    /canceled subscription/,
  );
});

test("a cancellation taken back changes nothing in the end", async (t) => {
  const standIn = await startStandIn(t);
  const { subscription } = await subscribe(standIn);
  await standIn.stripe.subscriptions.update(subscription, { cancel_at_period_end: true });
  const back = await standIn.stripe.subscriptions.update(subscription, { cancel_at_period_end: false });
  assert.deepEqual([back.cancel_at_period_end, back.cancel_at, back.canceled_at], [false, null, null]);
  await toPeriodEnd(standIn, subscription, 3600);
  assert.equal((await standIn.stripe.subscriptions.retrieve(subscription)).status, "active");
});

test("cancelling at once ends the plan and bills what was used", async (t) => {
  const standIn = await startStandIn(t);
  const { stripe } = standIn;
  const { customer, subscription } = await subscribe(standIn);
  await stripe.billing.meterEvents.create({
    event_name: "ai_cost_microusd",
    payload: { stripe_customer_id: customer.id, value: "4166667" },
  });
  const gone = await stripe.subscriptions.cancel(subscription, { invoice_now: true, prorate: false });
  assert.equal(gone.status, "canceled");
  const [last] = (await stripe.invoices.list({ subscription })).data;
  assert.deepEqual([last?.total, last?.status], [500, "paid"]);
  await assert.rejects(stripe.subscriptions.cancel(subscription), { code: "resource_missing" });
});

test("a failed renewal is past due, tried on days 1, 3, 5 and 7, then given up", async (t) => {
  const standIn = await startStandIn(t);
  const { stripe } = standIn;
  const { customer, subscription } = await subscribe(standIn);
  await storeCard(standIn, customer.id, "declined");
  const end = await toPeriodEnd(standIn, subscription, 3600);
  const late = await stripe.subscriptions.retrieve(subscription, { expand: ["latest_invoice"] });
  assert.equal(late.status, "past_due");
  const invoice = typeof late.latest_invoice === "object" ? late.latest_invoice : null;
  assert.deepEqual(
    [invoice?.status, invoice?.attempt_count, invoice?.next_payment_attempt],
    ["open", 1, end + 3600 + day],
  );
  await standIn.control("clock", { to: end + 3600 + 7 * day });
  const final = await stripe.invoices.retrieve(invoice?.id ?? "");
  assert.deepEqual([final.status, final.attempt_count, final.next_payment_attempt], ["open", 5, null]);
  assert.equal((await stripe.subscriptions.retrieve(subscription)).status, "canceled");
  assert.equal((await stripe.events.list({ type: "invoice.payment_failed" })).data.length, 5);
});

test("a new card pays what is open at the next attempt, and the plan goes on", async (t) => {
  const standIn = await startStandIn(t);
  const { stripe } = standIn;
  const { customer, subscription } = await subscribe(standIn);
  await storeCard(standIn, customer.id, "declined");
  const end = await toPeriodEnd(standIn, subscription, 3600);
  const [open] = (await stripe.invoices.list({ customer: customer.id, status: "open" })).data;
  await assert.rejects(stripe.invoices.pay(open?.id ?? ""), { code: "card_declined", statusCode: 402 });
  await storeCard(standIn, customer.id, "works");
  await standIn.control("clock", { to: end + 3600 + day });
  assert.equal((await stripe.subscriptions.retrieve(subscription)).status, "active");
  assert.equal((await stripe.invoices.retrieve(open?.id ?? "")).status, "paid");
});

test("a year in one jump is twelve renewals, each at its own moment", async (t) => {
  const standIn = await startStandIn(t);
  const { customer, subscription } = await subscribe(standIn);
  const { billing_cycle_anchor: anchor } = await standIn.stripe.subscriptions.retrieve(subscription);
  await standIn.control("clock", { to: addIntervals(anchor, "year", 1) + 3600 });
  const { data } = await standIn.stripe.invoices.list({ customer: customer.id, limit: 100 });
  assert.equal(data.length, 13);
  const starts = data.map((invoice) => invoice.created).toReversed();
  assert.deepEqual(
    starts.slice(1),
    Array.from({ length: 12 }, (_, n) => addIntervals(anchor, "month", n + 1)),
  );
  assert.deepEqual(new Set(data.map((invoice) => invoice.status)), new Set(["paid"]));
  assert.equal(new Set(data.map((invoice) => invoice.number)).size, 13);
});
