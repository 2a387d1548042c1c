import assert from "node:assert/strict";
import { test } from "node:test";
import { confirmCheckout } from "./confirm-checkout.ts";
import { createCheckout } from "./create-checkout.ts";
import { createPortal } from "./create-portal.ts";
import { ensureCatalog, forgetCatalog } from "./ensure-catalog.ts";
import { openDoor, openWorld, payAs, planAndBot, userRow } from "./testing/world.ts";

const sessions = "/v1/checkout/sessions";

test("F14 twenty clicks at once open one payment page for one customer", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  const pages = await Promise.all(Array.from({ length: 20 }, () => createCheckout(world.deps, userId)));
  assert.equal(new Set(pages.map((page) => page.checkoutUrl)).size, 1);
  const made = await world.truth("POST", sessions);
  assert.deepEqual(
    made.map((row) => row.idempotency_key),
    [`checkout/${userId}/1`],
  );
  assert.equal((await world.truth("POST", "/v1/customers")).length, 1);
});

test("F14 a second click after the first gets the page that is open", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  const first = await createCheckout(world.deps, userId);
  assert.deepEqual(await createCheckout(world.deps, userId), first);
  assert.equal((await world.truth("POST", sessions)).length, 1);
});

test("F15 F16 addresses, price and user come from the server; anything in the body is refused", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  const headers = { authorization: `Bearer ${userId}` };
  const ask = (payload: object) =>
    world.app.inject({ method: "POST", url: "/billing/checkout", headers, payload });
  for (const payload of [
    { success_url: "https://evil.example/" },
    { returnTo: "//evil.example" },
    { price: "price_cheap" },
    { quantity: 0 },
    { userId: "00000000-0000-4000-8000-000000000000" },
    { __proto__: null, customer: "cus_other" },
  ]) {
    const refused = await ask(payload);
    assert.deepEqual(
      [refused.statusCode, refused.json().error.code],
      [400, "invalid_input"],
      JSON.stringify(payload),
    );
  }
  assert.equal((await world.truth("POST", sessions)).length, 0);
  assert.equal((await ask({})).statusCode, 200);
  const catalog = await ensureCatalog(world.deps);
  const [made] = await world.truth("POST", sessions);
  assert.deepEqual(made?.params, {
    mode: "subscription",
    customer: (await userRow(world.deps, userId)).stripe_customer_id,
    client_reference_id: userId,
    line_items: { 0: { price: catalog.basePrice, quantity: "1" }, 1: { price: catalog.usagePrice } },
    subscription_data: { metadata: { user_id: userId }, billing_mode: { type: "flexible" } },
    success_url: `${world.deps.config.urls.app}/welcome?session_id={CHECKOUT_SESSION_ID}`,
    cancel_url: `${world.deps.config.urls.app}/subscribe?canceled=1`,
  });
});

test("nobody who is not signed in opens a checkout", async (t) => {
  const world = await openDoor(t);
  for (const url of ["/billing/checkout", "/billing/portal", "/billing/confirm"]) {
    const answer = await world.app.inject({ method: "POST", url, payload: {} });
    assert.deepEqual([answer.statusCode, answer.json().error.code], [401, "not_signed_in"]);
  }
});

test("the attempt rises only when a page has expired, and then there is a new page", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  const first = await createCheckout(world.deps, userId);
  await world.stripe.checkout.sessions.expire(first.checkoutUrl.split("/").at(-1) ?? "");
  const second = await createCheckout(world.deps, userId);
  assert.notEqual(second.checkoutUrl, first.checkoutUrl);
  assert.equal((await userRow(world.deps, userId)).checkout_attempt, 2);
});

test("an answer that was lost does not make a second page", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  await world.control("faults", { api: [{ method: "POST", path: sessions, kind: "lose", times: 1 }] });
  await createCheckout(world.deps, userId);
  assert.equal((await world.truth("POST", sessions)).length, 1);
});

test("a stored 500 spends its key: the next click opens a page", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  await world.control("faults", {
    api: [{ method: "POST", path: sessions, kind: "refuse", status: 500, times: 1, store: true }],
  });
  await assert.rejects(createCheckout(world.deps, userId), { code: "unavailable" });
  const page = await createCheckout(world.deps, userId);
  assert.match(page.checkoutUrl, /\/c\/pay\//);
  assert.deepEqual(
    (await world.truth("POST", sessions)).map((row) => row.idempotency_key),
    [`checkout/${userId}/2`],
  );
});

test("a payment service that is away is a 503 that may be tried again", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  await world.control("faults", { api: [{ path: "/v1/", kind: "refuse", status: 500 }] });
  const answer = await world.app.inject({
    method: "POST",
    url: "/billing/checkout",
    headers: { authorization: `Bearer ${userId}` },
    payload: {},
  });
  assert.deepEqual(
    [answer.statusCode, answer.json().error.code, answer.json().error.retryable],
    [503, "unavailable", true],
  );
  assert.doesNotMatch(answer.body, /stand-in|stripe/i);
});

test("somebody who pays already is not sold a second plan", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  await payAs(world, userId);
  // No event has arrived yet: the truth is asked before the sale.
  await assert.rejects(createCheckout(world.deps, userId), { code: "conflict" });
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "active", bots: ["running"] });
  assert.equal((await world.truth("POST", sessions)).length, 1);
});

test("after the plan has ended a new one can be bought, and the bot is the same", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  const { subscription, session } = await payAs(world, userId);
  await confirmCheckout(world.deps, userId, session);
  const bot = () =>
    world.deps.db.selectFrom("app.bots").select("id").where("user_id", "=", userId).executeTakeFirst();
  const before = await bot();
  await world.stripe.subscriptions.cancel(subscription);
  const again = await payAs(world, userId);
  assert.notEqual(again.session, session);
  await confirmCheckout(world.deps, userId, again.session);
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "active", bots: ["running"] });
  assert.deepEqual(await bot(), before);
});

test("a customer deleted at Stripe is replaced at the next checkout", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  await createCheckout(world.deps, userId);
  const old = (await userRow(world.deps, userId)).stripe_customer_id ?? "";
  await world.stripe.customers.del(old);
  await createCheckout(world.deps, userId);
  assert.notEqual((await userRow(world.deps, userId)).stripe_customer_id, old);
});

test("F17 whoever returns before the webhook has the plan at once", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  const { session } = await payAs(world, userId);
  const answer = await world.app.inject({
    method: "POST",
    url: "/billing/confirm",
    headers: { authorization: `Bearer ${userId}` },
    payload: { sessionId: session },
  });
  assert.deepEqual([answer.statusCode, answer.json()], [200, { status: "active" }]);
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "active", bots: ["running"] });
  const row = await userRow(world.deps, userId);
  assert.ok((row.current_period_end?.getTime() ?? 0) > Date.now() + 27 * 86_400_000);
});

test("somebody else's session and one that never was look the same", async (t) => {
  const world = await openWorld(t);
  const [owner, thief] = [await world.signIn(), await world.signIn()];
  const { session } = await payAs(world, owner);
  await createCheckout(world.deps, thief);
  const confirm = (sessionId: string) =>
    world.app.inject({
      method: "POST",
      url: "/billing/confirm",
      headers: { authorization: `Bearer ${thief}` },
      payload: { sessionId },
    });
  const [stolen, unknown] = [await confirm(session), await confirm("cs_test_nobody")];
  assert.equal(stolen.statusCode, 404);
  const words = (body: string) => body.replace(/"requestId":"[^"]+"/, "");
  assert.equal(words(stolen.body), words(unknown.body));
  assert.deepEqual(await planAndBot(world.deps, thief), { plan: "none", bots: [] });
});

test("the catalogue is made once, however many workers start", async (t) => {
  const world = await openWorld(t);
  const found = await Promise.all(
    Array.from({ length: 8 }, () => {
      forgetCatalog(world.deps);
      return ensureCatalog(world.deps);
    }),
  );
  assert.equal(new Set(found.map((catalog) => JSON.stringify(catalog))).size, 1);
  const made = (await world.control<{ path: string }[]>("truth")).map((row) => row.path).toSorted();
  assert.deepEqual(made, ["/v1/billing/meters", "/v1/prices", "/v1/prices", "/v1/products", "/v1/products"]);
  const { data } = await world.stripe.prices.list({ lookup_keys: ["molt_usage"] });
  assert.equal(data[0]?.unit_amount_decimal?.toString(), "0.00012");
});

test("a price that is not ours is not sold", async (t) => {
  const world = await openWorld(t);
  const product = await world.stripe.products.create({ name: "x" });
  await world.stripe.prices.create({
    product: product.id,
    currency: "usd",
    unit_amount: 500,
    recurring: { interval: "month" },
    lookup_key: "molt_base",
  });
  await assert.rejects(ensureCatalog(world.deps), { code: "upstream_failed" });
});

test("the portal opens for customers only, under one configuration", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  await assert.rejects(createPortal(world.deps, userId), { code: "no_subscription" });
  await payAs(world, userId);
  const [first, second] = [await createPortal(world.deps, userId), await createPortal(world.deps, userId)];
  assert.notEqual(first.portalUrl, second.portalUrl);
  const { data } = await world.stripe.billingPortal.configurations.list();
  assert.equal(data.length, 1);
  const { features } = data[0] ?? assert.fail("no configuration");
  assert.deepEqual(
    [
      features.payment_method_update.enabled,
      features.invoice_history.enabled,
      features.subscription_cancel.mode,
      features.subscription_update.enabled,
    ],
    [true, true, "at_period_end", false],
  );
});
