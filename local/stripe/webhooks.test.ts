import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import Stripe from "stripe";
import { type Delivery, makeCatalog, startReceiver, startStandIn } from "./testing/stand-in.ts";

const secret = "whsec_local_test";

async function open(t: TestContext, secrets = secret) {
  const receiver = await startReceiver(t);
  const standIn = await startStandIn(t, { WEBHOOK_URL: receiver.url, WEBHOOK_SECRET: secrets });
  return { receiver, ...standIn };
}

function verify(delivery: Delivery | undefined, key = secret): Stripe.Event {
  return Stripe.webhooks.constructEvent(
    delivery?.body ?? "",
    delivery?.headers["stripe-signature"] ?? "",
    key,
  );
}

const create = (stripe: Stripe, email: string) => stripe.customers.create({ email });

test("an event arrives signed, as the client verifies it", async (t) => {
  const { stripe, receiver } = await open(t);
  const customer = await create(stripe, "a@example.com");
  const [delivery] = await receiver.until((all) => all.length === 1);
  const event = verify(delivery);
  assert.deepEqual(
    [event.type, event.livemode, event.api_version],
    ["customer.created", false, stripe.getApiField("version")],
  );
  assert.equal((event.data.object as Stripe.Customer).id, customer.id);
  assert.deepEqual(Object.keys(event.data.object).includes("local"), false);
  assert.throws(() => verify(delivery, "whsec_other"), Stripe.errors.StripeSignatureVerificationError);
});

test("events arrive in the order they happened", async (t) => {
  const { stripe, receiver } = await open(t);
  for (let n = 0; n < 10; n += 1) await create(stripe, `c${n}@example.com`);
  const all = await receiver.until((some) => some.length === 10);
  assert.deepEqual(
    all.map((d) => (d.event.data.object as Stripe.Customer).email),
    Array.from({ length: 10 }, (_, n) => `c${n}@example.com`),
  );
});

test("an endpoint that fails is tried again until it takes the event", async (t) => {
  const { stripe, receiver } = await open(t);
  receiver.answers.push(500, 503);
  await create(stripe, "a@example.com");
  const all = await receiver.until((some) => some.length === 3);
  assert.equal(new Set(all.map((d) => verify(d).id)).size, 1);
  const id = all[0]?.event.id ?? "";
  // The queue's own mark follows the answer; the next event is delivered after it.
  await create(stripe, "b@example.com");
  await receiver.until((some) => some.length === 4);
  assert.equal((await stripe.events.retrieve(id)).pending_webhooks, 0);
});

test("duplicates, drops and shuffles are had on demand, and nothing is lost", async (t) => {
  const { stripe, receiver, control } = await open(t);
  await control("faults", { delivery: { hold: true } });
  for (let n = 0; n < 6; n += 1) await create(stripe, `c${n}@example.com`);
  await control("faults", { delivery: { copies: 3, shuffle: true, dropFirst: 2 }, seed: 7 });
  const all = await receiver.until(
    (some) => new Set(some.map((d) => d.event.id)).size === 6 && some.length === 18,
  );
  const order = [...new Set(all.map((d) => (d.event.data.object as Stripe.Customer).email))];
  assert.notDeepEqual(
    order,
    Array.from({ length: 6 }, (_, n) => `c${n}@example.com`),
  );
});

test("a held delivery waits, a released one leaves", async (t) => {
  const { stripe, receiver, control } = await open(t);
  await control("faults", { delivery: { hold: true } });
  await create(stripe, "a@example.com");
  const [pending] = (await stripe.events.list({ delivery_success: false })).data;
  assert.deepEqual(
    [pending?.type, pending?.pending_webhooks, receiver.deliveries.length],
    ["customer.created", 1, 0],
  );
  await control("faults", {});
  await receiver.until((all) => all.length === 1);
});

test("a delivery that was tampered with on purpose does not verify", async (t) => {
  const { stripe, receiver, control } = await open(t);
  const ways = ["wrong_secret", "missing", "altered_body", "truncated_body", "old"] as const;
  for (const [index, signature] of ways.entries()) {
    await control("faults", { delivery: { signature } });
    await create(stripe, "a@example.com");
    const all = await receiver.until((some) => some.length === index + 1);
    assert.throws(() => verify(all[index]), Error, signature);
  }
});

test("F30 while a secret is changed, both verify", async (t) => {
  const { stripe, receiver } = await open(t, "whsec_old,whsec_new");
  await create(stripe, "a@example.com");
  const [delivery] = await receiver.until((all) => all.length === 1);
  assert.equal(verify(delivery, "whsec_old").id, verify(delivery, "whsec_new").id);
});

test("an endpoint of the API hears only what it asked for, and nothing after it is gone", async (t) => {
  const receiver = await startReceiver(t);
  const { stripe } = await startStandIn(t);
  const endpoint = await stripe.webhookEndpoints.create({
    url: receiver.url,
    enabled_events: ["customer.created"],
  });
  assert.match(endpoint.secret ?? "", /^whsec_/);
  assert.equal((await stripe.webhookEndpoints.retrieve(endpoint.id)).secret, undefined);
  await stripe.products.create({ name: "x" });
  const customer = await create(stripe, "a@example.com");
  const [delivery] = await receiver.until((all) => all.length === 1);
  assert.equal((verify(delivery, endpoint.secret).data.object as Stripe.Customer).id, customer.id);
  assert.equal((await stripe.webhookEndpoints.list()).data.length, 1);
  await stripe.webhookEndpoints.del(endpoint.id);
  await create(stripe, "b@example.com");
  assert.equal((await stripe.webhookEndpoints.list()).data.length, 0);
  const [last] = (await stripe.events.list({ types: ["customer.created"] })).data;
  assert.equal(last?.pending_webhooks, 0);
});

test("undelivered events leave after a restart", async (t) => {
  const receiver = await startReceiver(t);
  const env = { WEBHOOK_URL: receiver.url, WEBHOOK_SECRET: secret };
  const first = await startStandIn(t, env);
  await first.control("faults", { delivery: { hold: true } });
  await create(first.stripe, "a@example.com");
  await first.stop();
  assert.equal(receiver.deliveries.length, 0);
  await startStandIn(t, { ...env, DATABASE_URL: first.databaseUrl });
  const [delivery] = await receiver.until((all) => all.length === 1);
  assert.equal(verify(delivery).type, "customer.created");
});

test("F105 a dropped meter event is reported by a thin event, whose data is asked for", async (t) => {
  const receiver = await startReceiver(t);
  const { stripe, control } = await startStandIn(t);
  const { meter } = await makeCatalog(stripe);
  const made = await stripe.v2.core.eventDestinations.create({
    name: "meters",
    type: "webhook_endpoint",
    event_payload: "thin",
    enabled_events: ["v1.billing.meter.error_report_triggered"],
    webhook_endpoint: { url: receiver.url },
    include: ["webhook_endpoint.signing_secret"],
  });
  const key = made.webhook_endpoint?.signing_secret ?? "";
  const customer = await create(stripe, "a@example.com");
  for (const identifier of ["row-1", "row-2"]) {
    await stripe.billing.meterEvents.create({
      event_name: meter.event_name,
      identifier,
      payload: { stripe_customer_id: customer.id, value: "5" },
    });
  }
  await control("drop_meter_events", { code: "archived_meter", identifiers: ["row-2", "row-9"] });
  const [delivery] = await receiver.until((all) => all.length === 1);
  const body = delivery?.body ?? "";
  assert.equal("data" in JSON.parse(body), false);
  const header = delivery?.headers["stripe-signature"] ?? "";
  assert.throws(() => Stripe.webhooks.constructEvent(body, header, key));
  const notification = stripe.parseEventNotification(body, header, key);
  assert.ok(notification.type === "v1.billing.meter.error_report_triggered");
  assert.equal(notification.related_object.id, meter.id);
  const { data } = await notification.fetchEvent();
  assert.equal(data.reason.error_count, 1);
  const [type] = data.reason.error_types;
  assert.deepEqual(
    [type?.code, type?.sample_errors.map((sample) => sample.request.identifier)],
    ["archived_meter", ["row-2"]],
  );
});

test("F105 an event for nobody is taken, and reported to the destination of the environment", async (t) => {
  const receiver = await startReceiver(t);
  const env = { METER_WEBHOOK_URL: receiver.url, METER_WEBHOOK_SECRET: secret };
  const { stripe } = await startStandIn(t, env);
  const { meter } = await makeCatalog(stripe);
  const payload = { stripe_customer_id: "cus_nobody", value: "5" };
  await stripe.billing.meterEvents.create({ event_name: meter.event_name, payload });
  const [delivery] = await receiver.until((all) => all.length === 1);
  const header = delivery?.headers["stripe-signature"] ?? "";
  const { id, type } = stripe.parseEventNotification(delivery?.body ?? "", header, secret);
  assert.equal(type, "v1.billing.meter.error_report_triggered");
  assert.equal((await stripe.v2.core.events.retrieve(id)).type, type);
});
