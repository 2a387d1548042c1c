import assert from "node:assert/strict";
import { test } from "node:test";
import type Stripe from "stripe";
import { makeCatalog, openSession, type StandIn, startStandIn, subscribe } from "./testing/stand-in.ts";

async function open(standIn: StandIn) {
  const catalog = await makeCatalog(standIn.stripe);
  const customer = await standIn.stripe.customers.create({ email: "ada@example.com" });
  return { catalog, customer, session: await openSession(standIn.stripe, catalog, customer.id) };
}

/** What the browser does when the form of the page is sent. */
function press(url: string | null, way: string): Promise<Response> {
  return fetch(url ?? "", { method: "POST", body: new URLSearchParams({ way }), redirect: "manual" });
}

test("a session opens with what was asked and today's price", async (t) => {
  const standIn = await startStandIn(t);
  const { session } = await open(standIn);
  assert.deepEqual(
    [
      session.status,
      session.payment_status,
      session.amount_total,
      session.currency,
      session.client_reference_id,
    ],
    ["open", "unpaid", 5000, "usd", "user-1"],
  );
  assert.ok(session.url?.startsWith(`${standIn.url}/c/pay/cs_test_`));
  assert.equal(session.expires_at - session.created, 86_400);
  const lines = await standIn.stripe.checkout.sessions.listLineItems(session.id);
  assert.deepEqual(
    lines.data.map((line) => [line.description, line.amount_total, line.quantity]),
    [
      ["Molt-OS", 5000, 1],
      ["Model usage", 0, null],
    ],
  );
});

test("paying leads to the return page, the subscription and the paid invoice", async (t) => {
  const standIn = await startStandIn(t);
  const { session, catalog } = await open(standIn);
  const answer = await press(session.url, "works");
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get("location"), `http://127.0.0.1:9/welcome?session_id=${session.id}`);
  const done = await standIn.stripe.checkout.sessions.retrieve(session.id, {
    expand: ["subscription.latest_invoice", "line_items"],
  });
  assert.deepEqual(
    [done.status, done.payment_status, done.url, done.line_items?.data.length],
    ["complete", "paid", null, 2],
  );
  const subscription = done.subscription as Stripe.Subscription;
  assert.deepEqual(
    [subscription.status, subscription.billing_mode.type, subscription.metadata],
    ["active", "flexible", { user_id: "user-1" }],
  );
  const [base, usage] = subscription.items.data;
  assert.deepEqual(
    [base?.price.id, base?.quantity, usage?.price.id, usage?.quantity],
    [catalog.base.id, 1, catalog.usage.id, undefined],
  );
  assert.ok((base?.current_period_end ?? 0) - (base?.current_period_start ?? 0) >= 28 * 86_400);
  const invoice = subscription.latest_invoice as Stripe.Invoice;
  assert.deepEqual(
    [invoice.status, invoice.billing_reason, invoice.amount_paid, invoice.amount_remaining],
    ["paid", "subscription_create", 5000, 0],
  );
  assert.equal(invoice.parent?.subscription_details?.subscription, subscription.id);
});

test("paying twice is paying once", async (t) => {
  const standIn = await startStandIn(t);
  const { session, customer } = await open(standIn);
  const answers = await Promise.all(Array.from({ length: 10 }, () => press(session.url, "works")));
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([303]));
  assert.equal(
    (await standIn.stripe.subscriptions.list({ customer: customer.id, status: "all" })).data.length,
    1,
  );
  assert.equal((await standIn.stripe.invoices.list({ customer: customer.id })).data.length, 1);
});

test("a declined card leaves the session open and nothing behind", async (t) => {
  const standIn = await startStandIn(t);
  const { session, customer } = await open(standIn);
  assert.equal((await press(session.url, "declined")).headers.get("location"), `/c/pay/${session.id}`);
  assert.match(await (await fetch(session.url ?? "")).text(), /role="alert"[^>]*>\s*Your card was declined/);
  assert.equal((await standIn.stripe.checkout.sessions.retrieve(session.id)).status, "open");
  assert.equal(
    (await standIn.stripe.subscriptions.list({ customer: customer.id, status: "all" })).data.length,
    0,
  );
  await press(session.url, "works");
  assert.equal((await standIn.stripe.checkout.sessions.retrieve(session.id)).status, "complete");
});

for (const succeeded of [true, false]) {
  test(`a payment that the bank ${succeeded ? "confirms" : "refuses"} later completes the session unpaid first`, async (t) => {
    const standIn = await startStandIn(t);
    const { session, subscription } = await subscribe(standIn, "later");
    const waiting = await standIn.stripe.checkout.sessions.retrieve(session.id);
    assert.deepEqual([waiting.status, waiting.payment_status], ["complete", "unpaid"]);
    await standIn.control("settle", { session: session.id, succeeded });
    const settled = await standIn.stripe.checkout.sessions.retrieve(session.id);
    assert.equal(settled.payment_status, succeeded ? "paid" : "unpaid");
    assert.equal(
      (await standIn.stripe.subscriptions.retrieve(subscription)).status,
      succeeded ? "active" : "past_due",
    );
    const type = `checkout.session.async_payment_${succeeded ? "succeeded" : "failed"}`;
    assert.equal((await standIn.stripe.events.list({ type })).data.length, 1);
  });
}

test("a session expires when asked, and by itself after a day", async (t) => {
  const standIn = await startStandIn(t);
  const { session, catalog, customer } = await open(standIn);
  const expired = await standIn.stripe.checkout.sessions.expire(session.id);
  assert.deepEqual([expired.status, expired.url], ["expired", null]);
  await assert.rejects(standIn.stripe.checkout.sessions.expire(session.id), /can be expired/);
  assert.equal((await press(session.url, "works")).status, 303);
  assert.equal((await fetch(session.url ?? "")).status, 410);
  const second = await openSession(standIn.stripe, catalog, customer.id);
  await standIn.control("clock", { advanceSeconds: 86_400 });
  assert.equal((await standIn.stripe.checkout.sessions.retrieve(second.id)).status, "expired");
  assert.equal((await standIn.stripe.events.list({ type: "checkout.session.expired" })).data.length, 2);
  assert.equal(
    (await standIn.stripe.checkout.sessions.list({ customer: customer.id, status: "open" })).data.length,
    0,
  );
});

test("a session with a quantity on a metered price, or none on a licensed one, is refused", async (t) => {
  const standIn = await startStandIn(t);
  const { catalog, customer } = await open(standIn);
  const params = { mode: "subscription" as const, customer: customer.id, success_url: "http://127.0.0.1:9/" };
  for (const items of [[{ price: catalog.usage.id, quantity: 1 }], [{ price: catalog.base.id }]]) {
    await assert.rejects(standIn.stripe.checkout.sessions.create({ ...params, line_items: items }), {
      param: "line_items[0][quantity]",
    });
  }
  await assert.rejects(standIn.stripe.checkout.sessions.create({ ...params, line_items: [] }), {
    param: "line_items",
  });
  await assert.rejects(
    standIn.stripe.checkout.sessions.create({
      ...params,
      success_url: "javascript:alert(1)",
      line_items: [{ price: catalog.base.id, quantity: 1 }],
    }),
    { code: "url_invalid" },
  );
});

test("a payment causes its events in their order", async (t) => {
  const standIn = await startStandIn(t);
  await subscribe(standIn);
  const { data } = await standIn.stripe.events.list({ limit: 100 });
  assert.deepEqual(
    data
      .toReversed()
      .map((event) => event.type)
      .filter((type) => !/^(product|price)\./.test(type)),
    [
      "customer.created",
      "invoice.created",
      "invoice.finalized",
      "invoice.paid",
      "customer.subscription.created",
      "checkout.session.completed",
    ],
  );
});
