import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";
import { makeCatalog, openSession, secretKey, startStandIn } from "./testing/stand-in.ts";

interface Truth {
  method: string;
  path: string;
  idempotency_key: string | null;
}

test("the same key gives the same answer once more, and does nothing more", async (t) => {
  const { stripe, control } = await startStandIn(t);
  const options = { idempotencyKey: "customer/1" };
  const first = await stripe.customers.create({ email: "a@example.com" }, options);
  const again = await stripe.customers.create({ email: "a@example.com" }, options);
  assert.equal(again.id, first.id);
  assert.equal(again.lastResponse.headers["idempotent-replayed"], "true");
  assert.equal((await stripe.customers.list()).data.length, 1);
  const truth = await control<Truth[]>("truth");
  assert.equal(truth.filter((call) => call.idempotency_key === "customer/1").length, 1);
});

test("the same key for another request is an idempotency error", async (t) => {
  const { stripe } = await startStandIn(t);
  const options = { idempotencyKey: "customer/1" };
  await stripe.customers.create({ email: "a@example.com" }, options);
  await assert.rejects(stripe.customers.create({ email: "b@example.com" }, options), (error: unknown) => {
    assert.ok(error instanceof Stripe.errors.StripeIdempotencyError);
    return true;
  });
});

test("a request that failed its validation may come again under its key", async (t) => {
  const { stripe } = await startStandIn(t);
  const options = { idempotencyKey: "product/1" };
  await assert.rejects(stripe.products.create({ name: "" }, options), { param: "name" });
  assert.equal((await stripe.products.create({ name: "Molt-OS" }, options)).name, "Molt-OS");
});

test("fifty at once under one key make one object", async (t) => {
  const { stripe } = await startStandIn(t);
  const made = await Promise.all(
    Array.from({ length: 50 }, () =>
      stripe.customers.create({ email: "a@example.com" }, { idempotencyKey: "one" }),
    ),
  );
  assert.equal(new Set(made.map((customer) => customer.id)).size, 1);
});

test("an answer lost after accepting is had again by the client's own retry", async (t) => {
  const { url, control } = await startStandIn(t);
  const { hostname, port } = new URL(url);
  const stripe = new Stripe(secretKey, { host: hostname, port, protocol: "http", maxNetworkRetries: 2 });
  await control("faults", { api: [{ method: "POST", path: "/v1/customers", kind: "lose", times: 1 }] });
  const customer = await stripe.customers.create({ email: "a@example.com" });
  assert.deepEqual(
    (await stripe.customers.list()).data.map((c) => c.id),
    [customer.id],
  );
});

test("a refusal is the class the client knows, and passes", async (t) => {
  const { stripe, control } = await startStandIn(t);
  for (const { status, type } of [
    { status: 429, type: Stripe.errors.StripeRateLimitError },
    { status: 500, type: Stripe.errors.StripeAPIError },
    { status: 409, type: Stripe.errors.StripeError },
  ]) {
    await control("faults", { api: [{ path: "/v1/products", kind: "refuse", status, times: 1 }] });
    await assert.rejects(stripe.products.create({ name: "x" }), (error: unknown) => {
      assert.ok(error instanceof type);
      assert.equal(error.statusCode, status);
      return true;
    });
    assert.equal((await stripe.products.create({ name: "x" })).name, "x");
  }
});

test("a stored 500 is replayed under its key, and only there", async (t) => {
  const { stripe, control } = await startStandIn(t);
  await control("faults", {
    api: [{ path: "/v1/products", kind: "refuse", status: 500, times: 1, store: true }],
  });
  const create = (key: string) => stripe.products.create({ name: "x" }, { idempotencyKey: key });
  await assert.rejects(create("a"), { statusCode: 500 });
  await assert.rejects(create("a"), { statusCode: 500 });
  assert.equal((await create("b")).name, "x");
});

test("what was made outlives the process, which ends cleanly when asked", async (t) => {
  const first = await startStandIn(t);
  const catalog = await makeCatalog(first.stripe);
  const customer = await first.stripe.customers.create({ email: "a@example.com" });
  const session = await openSession(first.stripe, catalog, customer.id);
  assert.equal(await first.stop(), 0);
  const second = await startStandIn(t, { DATABASE_URL: first.databaseUrl });
  assert.equal((await second.stripe.checkout.sessions.retrieve(session.id)).status, "open");
  assert.equal(await second.stop(), 0);
});

test("the control path is there for tests alone", async (t) => {
  const { url } = await startStandIn(t, { CONTROL: "0" });
  assert.equal((await fetch(`${url}/__control/truth`)).status, 404);
});
