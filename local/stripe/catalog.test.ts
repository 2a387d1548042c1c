import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";
import { makeCatalog, startStandIn } from "./testing/stand-in.ts";

test("the catalogue is found again by its lookup keys, decimals exact", async (t) => {
  const { stripe } = await startStandIn(t);
  const { base, usage } = await makeCatalog(stripe);
  const { data } = await stripe.prices.list({ lookup_keys: ["molt_base", "molt_usage"], active: true });
  assert.deepEqual(new Set(data.map((price) => price.id)), new Set([base.id, usage.id]));
  assert.equal(base.unit_amount, 5000);
  assert.equal(base.unit_amount_decimal?.toString(), "5000");
  assert.equal(usage.unit_amount, null);
  assert.equal(usage.unit_amount_decimal?.toString(), "0.00012");
  assert.equal((await stripe.prices.list({ lookup_keys: ["nobody"] })).data.length, 0);
});

test("a lookup key belongs to one price until it is handed over", async (t) => {
  const { stripe } = await startStandIn(t);
  const { base, plan } = await makeCatalog(stripe);
  const params = {
    product: plan.id,
    currency: "usd",
    unit_amount: 6000,
    recurring: { interval: "month" as const },
    lookup_key: "molt_base",
  };
  await assert.rejects(stripe.prices.create(params), {
    code: "resource_already_exists",
    param: "lookup_key",
  });
  const dearer = await stripe.prices.create({ ...params, transfer_lookup_key: true });
  assert.equal(dearer.lookup_key, "molt_base");
  assert.equal((await stripe.prices.retrieve(base.id)).lookup_key, null);
});

test("a metered price wants a meter, and a licensed one none", async (t) => {
  const { stripe } = await startStandIn(t);
  const { plan, meter } = await makeCatalog(stripe);
  const params = { product: plan.id, currency: "usd", unit_amount: 1 };
  await assert.rejects(
    stripe.prices.create({ ...params, recurring: { interval: "month", usage_type: "metered" } }),
    {
      param: "recurring[meter]",
    },
  );
  await assert.rejects(
    stripe.prices.create({ ...params, recurring: { interval: "month", meter: meter.id } }),
    {
      param: "recurring[meter]",
    },
  );
  await stripe.billing.meters.deactivate(meter.id);
  await assert.rejects(
    stripe.prices.create({
      ...params,
      recurring: { interval: "month", usage_type: "metered", meter: meter.id },
    }),
    /not active/,
  );
});

test("customers are made, changed, listed in pages and deleted", async (t) => {
  const { stripe } = await startStandIn(t);
  const made: string[] = [];
  for (let n = 0; n < 5; n += 1)
    made.push((await stripe.customers.create({ email: `c${n}@example.com`, metadata: { n: `${n}` } })).id);
  const first = await stripe.customers.list({ limit: 2 });
  assert.deepEqual([first.data.map((c) => c.id), first.has_more], [[made[4], made[3]], true]);
  const seen: string[] = [];
  for await (const customer of stripe.customers.list({ limit: 2 })) seen.push(customer.id);
  assert.deepEqual(seen, made.toReversed());
  const [last = "", second = ""] = [made[4], made[1]];
  const before = await stripe.customers.list({ ending_before: second, limit: 2 });
  assert.deepEqual(
    before.data.map((c) => c.id),
    [made[3], made[2]],
  );
  assert.equal((await stripe.customers.list({ email: "c1@example.com" })).data[0]?.id, second);
  const changed = await stripe.customers.update(last, { metadata: { n: "", plan: "x" } });
  assert.deepEqual(changed.metadata, { plan: "x" });
  await stripe.customers.del(last);
  assert.equal((await stripe.customers.retrieve(last)).deleted, true);
  await assert.rejects(stripe.customers.update(last, { email: "a@example.com" }), {
    code: "resource_missing",
  });
});

test("what the stand-in does not know it refuses by name, and changes nothing", async (t) => {
  const { stripe } = await startStandIn(t);
  // A field of Stripe's that nobody here uses: it must not be swallowed.
  await assert.rejects(stripe.customers.create({ email: "a@example.com", phone: "1" }), {
    code: "parameter_unknown",
    param: "phone",
  });
  assert.equal((await stripe.customers.list()).data.length, 0);
  await assert.rejects(stripe.customers.retrieve("cus_nobody"), (error: unknown) => {
    assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError);
    assert.deepEqual(
      [error.statusCode, error.code, error.message],
      [404, "resource_missing", "No such customer: 'cus_nobody'"],
    );
    assert.match(error.requestId ?? "", /^req_/);
    return true;
  });
  await assert.rejects(stripe.charges.list(), /Unrecognized request URL \(GET: \/v1\/charges\)/);
  await assert.rejects(stripe.customers.search({ query: "x" }), /Unrecognized request URL/);
  await assert.rejects(stripe.customers.list({ limit: 101 }), { code: "parameter_invalid_integer" });
});

test("a wrong key and no key are refused", async (t) => {
  const { stripe, url } = await startStandIn(t);
  await assert.rejects(stripe.customers.list({}, { apiKey: "sk_test_somebody_else" }), (error: unknown) => {
    assert.ok(error instanceof Stripe.errors.StripeAuthenticationError);
    assert.doesNotMatch(error.message, /somebody_else/);
    return true;
  });
  const bare = await fetch(`${url}/v1/customers`);
  assert.equal(bare.status, 401);
});
