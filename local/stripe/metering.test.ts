import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import Stripe from "stripe";
import { lineAmount } from "./decimal.ts";
import { makeCatalog, startStandIn, subscribe, type StandIn } from "./testing/stand-in.ts";

const day = 86_400;

function send(
  stripe: Stripe,
  customer: string,
  event: { value: string; identifier?: string; timestamp?: number },
) {
  const { value, ...rest } = event;
  return stripe.billing.meterEvents.create({
    event_name: "ai_cost_microusd",
    payload: { stripe_customer_id: customer, value },
    ...rest,
  });
}

async function open(standIn: StandIn) {
  const catalog = await makeCatalog(standIn.stripe);
  const customer = await standIn.stripe.customers.create({ email: "a@example.com" });
  return { catalog, customer: customer.id };
}

const now = () => Math.floor(Date.now() / 1000);
const total = async (stripe: Stripe, meter: string, customer: string) => {
  const start_time = Math.floor(now() / 60) * 60 - 30 * day;
  const { data } = await stripe.billing.meters.listEventSummaries(meter, {
    customer,
    start_time,
    end_time: start_time + 60 * day,
  });
  return data[0]?.aggregated_value ?? 0;
};

test("a repeated identifier is refused without a code, and the client is told not to retry", async (t) => {
  const standIn = await startStandIn(t);
  const { stripe } = standIn;
  const { catalog, customer } = await open(standIn);
  await send(stripe, customer, { value: "7", identifier: "row-1" });
  await assert.rejects(send(stripe, customer, { value: "7", identifier: "row-1" }), (error: unknown) => {
    assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError);
    assert.equal(error.message, "An event already exists with identifier row-1.");
    assert.deepEqual([error.code, error.headers?.["stripe-should-retry"]], [undefined, "false"]);
    return true;
  });
  assert.equal(await total(stripe, catalog.meter.id, customer), 7);
});

test("an identifier is forgotten after a day, so a late retry counts twice", async (t) => {
  const standIn = await startStandIn(t);
  const { stripe, control } = standIn;
  const { catalog, customer } = await open(standIn);
  await send(stripe, customer, { value: "7", identifier: "row-1" });
  await control("clock", { advanceSeconds: day + 1 });
  await send(stripe, customer, { value: "7", identifier: "row-1", timestamp: now() });
  assert.equal(await total(stripe, catalog.meter.id, customer), 14);
});

test("a meter event that Stripe would not take is refused, and says why", async (t) => {
  const standIn = await startStandIn(t);
  const { customer } = await open(standIn);
  for (const { name, event, code } of [
    {
      name: "too old",
      event: { value: "1", timestamp: now() - 36 * day },
      code: "timestamp_too_far_in_past",
    },
    { name: "too far ahead", event: { value: "1", timestamp: now() + 3600 }, code: "timestamp_in_future" },
    { name: "no number", event: { value: "1e3" }, code: "meter_event_invalid_value" },
    { name: "empty", event: { value: "" }, code: "meter_event_invalid_value" },
    { name: "16 digits", event: { value: "1234567890123456" }, code: "meter_event_value_too_many_digits" },
  ]) {
    await assert.rejects(send(standIn.stripe, customer, event), { code, statusCode: 400 }, name);
  }
  assert.equal((await standIn.control<unknown[]>("meter_events")).length, 0);
});

test("events for an unknown name and an archived meter are refused", async (t) => {
  const standIn = await startStandIn(t);
  const { stripe } = standIn;
  const { catalog, customer } = await open(standIn);
  await assert.rejects(stripe.billing.meterEvents.create({ event_name: "nobody", payload: { value: "1" } }), {
    code: "no_meter",
  });
  await stripe.billing.meters.deactivate(catalog.meter.id);
  await assert.rejects(send(stripe, customer, { value: "1" }), { code: "archived_meter" });
  await stripe.billing.meters.reactivate(catalog.meter.id);
  assert.equal((await send(stripe, customer, { value: "1" })).object, "billing.meter_event");
});

test("an event for an unknown customer is accepted and counts for nobody", async (t) => {
  const standIn = await startStandIn(t);
  const { stripe, control } = standIn;
  await open(standIn);
  await send(stripe, "cus_nobody", { value: "5" });
  const [row] = await control<{ rejected: string }[]>("meter_events");
  assert.equal(row?.rejected, "meter_event_customer_not_found");
});

test("a cancelled event counts no more", async (t) => {
  const standIn = await startStandIn(t);
  const { stripe } = standIn;
  const { catalog, customer } = await open(standIn);
  await send(stripe, customer, { value: "5", identifier: "a" });
  await send(stripe, customer, { value: "6", identifier: "b" });
  const cancel = { event_name: "ai_cost_microusd", type: "cancel" as const, cancel: { identifier: "a" } };
  await stripe.billing.meterEventAdjustments.create(cancel);
  assert.equal(await total(stripe, catalog.meter.id, customer), 6);
  await assert.rejects(stripe.billing.meterEventAdjustments.create(cancel), { param: "cancel[identifier]" });
});

test("summaries are cut into hours, whole minutes only, empty hours left out", async (t) => {
  const standIn = await startStandIn(t);
  const { stripe } = standIn;
  const { catalog, customer } = await open(standIn);
  const hour = Math.floor(now() / 3600) * 3600 - 5 * 3600;
  await send(stripe, customer, { value: "1", timestamp: hour });
  await send(stripe, customer, { value: "2", timestamp: hour + 3599 });
  await send(stripe, customer, { value: "4", timestamp: hour + 2 * 3600 });
  const span = { customer, start_time: hour, end_time: hour + 3 * 3600 };
  const { data } = await stripe.billing.meters.listEventSummaries(catalog.meter.id, {
    ...span,
    value_grouping_window: "hour",
  });
  assert.deepEqual(
    data.map((s) => [s.start_time - hour, s.aggregated_value]),
    [
      [7200, 4],
      [0, 3],
    ],
  );
  await assert.rejects(
    stripe.billing.meters.listEventSummaries(catalog.meter.id, { ...span, start_time: hour + 1 }),
    {
      param: "start_time",
    },
  );
});

test("833,333 micro-dollars are a dollar, 4,166,667 are five", () => {
  assert.equal(lineAmount("833333", "0.00012"), 100);
  assert.equal(lineAmount("4166667", "0.00012"), 500);
  assert.equal(lineAmount("-5", "0.00012"), 0);
});

test("I5 for any usage the line is cost x 1.2, rounded half up to the cent once", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(0n, 10n ** 11n), { maxLength: 50 }), (values) => {
      const sum = values.reduce((a, b) => a + b, 0n);
      // 1 micro-dollar = 0.00012 cent = 12 / 100,000 cent, in whole numbers.
      const expected = (sum * 12n * 2n + 100_000n) / 200_000n;
      assert.equal(BigInt(lineAmount(sum.toString(), "0.00012")), expected);
    }),
  );
});

test("I5 the preview is the plan and the usage so far", async (t) => {
  const standIn = await startStandIn(t);
  const { customer, subscription } = await subscribe(standIn);
  for (const [index, value] of ["4000000", "166667"].entries()) {
    await send(standIn.stripe, customer.id, { value, identifier: `row-${index}` });
  }
  const preview = await standIn.stripe.invoices.createPreview({ customer: customer.id, subscription });
  assert.equal(preview.total, 5500);
  const usage = preview.lines.data.find((line) => line.amount === 500);
  assert.equal(usage?.quantity_decimal?.toString(), "4166667");
  assert.equal(usage?.pricing?.unit_amount_decimal?.toString(), "0.00012");
});
