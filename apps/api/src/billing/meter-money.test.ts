/** The bill: what Stripe charges is what the ledger says x 1.2, whatever is dropped, killed or compared. */
import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { sql } from "kysely";
import { confirmBatches } from "./confirm-batches.job.ts";
import { ensureCatalog } from "./ensure-catalog.ts";
import { foldUsage } from "./fold-usage.ts";
import { resendBatches } from "./resend-batches.ts";
import {
  batches,
  counted,
  makePayer,
  meterEvents,
  minuteOver,
  type Payer,
  report,
  send,
  spend,
  spent,
  waitOver,
} from "./testing/usage.ts";
import { startWorker } from "./testing/worker-process.ts";
import { openWorld, sign, workUntil, type World } from "./testing/world.ts";

const DAY_S = 24 * 3600;
const signal = new AbortController().signal;

async function usageLine(world: World, { customer, subscription }: Payer) {
  const preview = await world.stripe.invoices.createPreview({ customer, subscription });
  const { usagePrice } = await ensureCatalog(world.deps);
  const line = preview.lines.data.find((one) => one.pricing?.price_details?.price === usagePrice);
  return { cents: line?.amount ?? 0, micros: BigInt(line?.quantity_decimal?.toString() ?? "0") };
}

/** Cost x 1.2 in whole cents, rounded half up once. */
const billedCents = (picos: bigint) => (picos * 12n + 50_000_000_000n) / 100_000_000_000n;

test("F107 I5 whatever the calls cost, the invoice is their sum x 1.2 to the cent, and no micro-dollar is lost", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  // From one cached token to a long answer.
  const cost = fc.oneof(fc.bigInt(25_000n, 1_250_000n), fc.bigInt(1n, 3_000_000_000n), fc.constant(999_999n));
  await fc.assert(
    fc.asyncProperty(fc.array(cost, { minLength: 1, maxLength: 40 }), async (costs) => {
      await spend(world, ada.botId, costs);
      await report(world);
      await minuteOver(world.deps.db);
      const total = await spent(world, ada.botId);
      const line = await usageLine(world, ada);
      assert.equal(line.micros, total / 1_000_000n);
      const off = BigInt(line.cents) - billedCents(total);
      assert.ok(off >= -1n && off <= 1n, `${line.cents} cents for ${total} picos`);
    }),
    { numRuns: 6 },
  );
  assert.equal(await counted(world, ada.customer), (await spent(world, ada.botId)) / 1_000_000n);
});

test("from checkout to invoice: the usage of the month is a line of the next invoice", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  await spend(world, ada.botId, [4_166_667_000_000n]);
  await report(world);
  await world.control("clock", { advanceSeconds: 31 * DAY_S + 2 * 3600 });
  const { data } = await world.stripe.invoices.list({ customer: ada.customer, limit: 5 });
  const cycle = data.find((invoice) => invoice.billing_reason === "subscription_cycle");
  assert.deepEqual([cycle?.status, cycle?.total], ["paid", 5500]);
  const usage = cycle?.lines.data.find((line) => line.quantity_decimal?.toString() === "4166667");
  assert.equal(usage?.amount, 500);
});

/** The address of the api's own server, as the stand-in's destination for thin events. */
async function hearOfDropped(world: World): Promise<void> {
  await world.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = world.app.server.address() as AddressInfo; // listening on TCP
  const made = await world.stripe.v2.core.eventDestinations.create({
    name: "meters",
    type: "webhook_endpoint",
    event_payload: "thin",
    enabled_events: ["v1.billing.meter.error_report_triggered"],
    webhook_endpoint: { url: `http://127.0.0.1:${port}/billing/webhook/meter` },
    include: ["webhook_endpoint.signing_secret"],
  });
  world.deps.config.stripe.meterWebhookSecrets.push(made.webhook_endpoint?.signing_secret ?? "");
}

test("F105 what Stripe drops hours later is marked, and goes out anew under another identifier", async (t) => {
  const world = await openWorld(t);
  await hearOfDropped(world);
  const [ada, bob] = [await makePayer(world), await makePayer(world)];
  for (const { botId } of [ada, bob]) await spend(world, botId, [9_000_000n]);
  await report(world);
  const identifier = `usage/${ada.userId}/1`;
  await world.control("drop_meter_events", {
    code: "meter_event_customer_not_found",
    identifiers: [identifier],
  });
  await workUntil(world, "v1.billing.meter.error_report_triggered");
  const marked = (await batches(world)).filter((batch) => batch.state === "rejected");
  assert.deepEqual(
    marked.map((batch) => [batch.identifier, batch.note?.split(":")[0]]),
    [[identifier, "meter_event_customer_not_found"]],
  );
  assert.equal(await send(world), "", "nothing goes out before a person has mended the cause");
  const { meter } = await ensureCatalog(world.deps);
  await resendBatches(world.deps, { config: world.deps.config, meter });
  await minuteOver(world.deps.db);
  await waitOver(world.deps.db);
  await send(world);
  for (const { customer } of [ada, bob]) assert.equal(await counted(world, customer), 9n);
});

test("F104 usage of a customer whom Stripe has deleted is marked, and nothing of it is lost", async (t) => {
  const world = await openWorld(t);
  await hearOfDropped(world);
  const ada = await makePayer(world);
  await spend(world, ada.botId, [9_000_000n]);
  await world.stripe.customers.del(ada.customer);
  await report(world);
  await workUntil(world, "v1.billing.meter.error_report_triggered");
  const [batch] = await batches(world);
  assert.deepEqual([batch?.state, batch?.micros], ["rejected", 9n]);
  assert.match(batch?.note ?? "", /meter_event_customer_not_found/);
});

test("F105 a forged or foreign notification is refused, and one that Stripe does not know changes nothing", async (t) => {
  const world = await openWorld(t);
  const body = JSON.stringify({
    id: "evt_test_nobody",
    object: "v2.core.event",
    type: "v1.billing.meter.error_report_triggered",
    created: "2026-11-22T00:00:00Z",
    livemode: false,
    related_object: { id: "mtr_1", type: "billing.meter", url: "/v1/billing/meters/mtr_1" },
  });
  const post = (payload: string, signature: string | undefined) =>
    world.app.inject({
      method: "POST",
      url: "/billing/webhook/meter",
      headers: {
        "content-type": "application/json",
        ...(signature ? { "stripe-signature": signature } : {}),
      },
      payload,
    });
  for (const [payload, signature] of [
    [body, undefined],
    [body, sign(body, { secret: "whsec_other" })],
    [`${body} `, sign(body)],
    [body, sign(body, { at: Math.floor(Date.now() / 1000) + 86_400 })],
    [
      body.replace('"livemode":false', '"livemode":true'),
      sign(body.replace('"livemode":false', '"livemode":true')),
    ],
  ] as const) {
    assert.equal((await post(payload, signature)).statusCode, 400);
  }
  assert.equal((await post(body, sign(body))).statusCode, 200);
  await world.work();
  const rows = await world.deps.db.selectFrom("app.stripe_events").select(["id", "state"]).execute();
  assert.deepEqual(rows, [{ id: "evt_test_nobody", state: "ignored" }]);
});

/** As if all of it had been sent some days ago; the stand-in's own record included. */
async function daysAgo(world: World, days: number): Promise<void> {
  const shift = days * DAY_S;
  await sql`update app.meter_batches set event_at = event_at - ${shift} * interval '1 second'`.execute(
    world.deps.db,
  );
  await world.control("shift_meter_events", { seconds: -shift });
}

test("I5 a day that Stripe has counted in full is confirmed, and not asked for again", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  await spend(world, ada.botId, [9_000_000n]);
  await report(world);
  assert.equal(await confirmBatches(world.deps, signal), "", "a day that runs is not compared");
  await daysAgo(world, 2);
  assert.equal(await confirmBatches(world.deps, signal), "compared 1 metered days with Stripe, 0 differ");
  assert.deepEqual(
    (await batches(world)).map((batch) => batch.state),
    ["confirmed"],
  );
  assert.equal(await confirmBatches(world.deps, signal), "");
});

test("F105 what is missing in Stripe's sums is found to the batch, though no report named it", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  for (const cost of [3_000_000n, 4_000_000n, 5_000_000n]) {
    await spend(world, ada.botId, [cost]);
    await report(world);
    await minuteOver(world.deps.db);
  }
  // minuteOver moved our times; the stand-in's follow them.
  for (const { identifier, event_at: at } of await batches(world)) {
    await world.control("shift_meter_events", { identifier, to: Math.floor((at?.getTime() ?? 0) / 1000) });
  }
  await daysAgo(world, 2);
  await world.control("drop_meter_events", {
    code: "archived_meter",
    identifiers: [`usage/${ada.userId}/2`],
  });
  assert.equal(await confirmBatches(world.deps, signal), "compared 1 metered days with Stripe, 1 differ");
  assert.deepEqual(
    (await batches(world)).map((batch) => [batch.micros, batch.state]),
    [
      [3n, "confirmed"],
      [4n, "rejected"],
      [5n, "confirmed"],
    ],
  );
});

test("F104 a worker killed between Stripe's yes and its own mark bills nothing twice and loses nothing", async (t) => {
  const world = await openWorld(t);
  const payers = [await makePayer(world), await makePayer(world), await makePayer(world)];
  await ensureCatalog(world.deps);
  for (const { botId } of payers) await spend(world, botId, [11_000_000n, 222_222n]);
  const killed = await startWorker(t, world, { MOLT_FAILPOINT: "after-meter-send-before-mark:kill@2" });
  assert.equal((await killed.exited).died, "SIGKILL");
  const before = await batches(world);
  assert.ok((await meterEvents(world)).length >= 2);
  assert.ok(
    before.filter((batch) => batch.state === "pending").length >= 1,
    "an accepted event is not marked",
  );
  // The lease of the dead is over; another worker comes.
  await waitOver(world.deps.db);
  const second = await startWorker(t, world, {});
  const patience = AbortSignal.timeout(30_000);
  while ((await batches(world)).some((batch) => batch.state !== "sent"))
    await world.deps.clock.sleep(50, patience);
  second.stop();
  await second.exited;
  await foldUsage(world.deps, { days: "all", pauseMs: 0 }, signal);
  assert.equal((await batches(world)).length, payers.length);
  for (const { customer, botId } of payers) {
    assert.equal(await counted(world, customer), (await spent(world, botId)) / 1_000_000n);
  }
});

test("F104 a worker in production does not start with a failpoint", async (t) => {
  const world = await openWorld(t);
  const env = { NODE_ENV: "production", MOLT_FAILPOINT: "after-meter-send-before-mark:kill" };
  const worker = await startWorker(t, world, env);
  assert.equal((await worker.exited).code, 1);
});
