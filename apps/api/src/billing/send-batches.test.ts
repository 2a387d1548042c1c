/** Batches on their way to Stripe's meter: sent again after any failure, counted once, at a time it takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { systemClock } from "../clock.ts";
import { ensureCatalog } from "./ensure-catalog.ts";
import { foldUsage } from "./fold-usage.ts";
import { resendBatches } from "./resend-batches.ts";
import { batches, counted, makePayer, meterEvents, report, send, spend, waitOver } from "./testing/usage.ts";
import { openWorld } from "./testing/world.ts";

const events = "/v1/billing/meter_events";
const states = async (world: Parameters<typeof batches>[0]) => (await batches(world)).map((row) => row.state);

for (const { name, fault } of [
  { name: "a time-out after it was accepted", fault: { kind: "lose", times: 3 } },
  { name: "an empty answer", fault: { kind: "empty", times: 1 } },
  { name: "429", fault: { kind: "refuse", status: 429, times: 1 } },
  { name: "409", fault: { kind: "refuse", status: 409, times: 3 } },
  { name: "503", fault: { kind: "refuse", status: 503, times: 3 } },
  { name: "a stored 500", fault: { kind: "refuse", status: 500, times: 3, store: true } },
]) {
  test(`F104 after ${name} the same event is sent again and counts once`, async (t) => {
    const world = await openWorld(t);
    const ada = await makePayer(world);
    await spend(world, ada.botId, [7_000_000n]);
    await ensureCatalog(world.deps);
    await world.control("faults", { api: [{ method: "POST", path: events, ...fault }] });
    await report(world);
    assert.deepEqual(await states(world), ["pending"]);
    assert.equal(await send(world), "", "it is not tried again at once");
    await waitOver(world.deps.db);
    await send(world);
    assert.deepEqual(await states(world), ["sent"]);
    assert.equal(await counted(world, ada.customer), 7n);
  });
}

test("F104 after a day the sums are read first: what was counted is not sent again", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  await spend(world, ada.botId, [7_000_000n]);
  await foldUsage(world.deps, { days: "all" }, new AbortController().signal);
  // The first attempt, 30 hours ago: accepted, its answer lost.
  const { rows } = await sql<{ identifier: string; at: number }>`
    update app.meter_batches set event_at = date_trunc('second', now() - interval '30 hours'),
      last_attempt_at = now() - interval '29 hours', attempts = 40
    returning identifier, extract(epoch from event_at)::int as at`.execute(world.deps.db);
  const payload = { stripe_customer_id: ada.customer, value: "7" };
  const { identifier = "", at: timestamp = 0 } = rows[0] ?? {};
  await world.stripe.billing.meterEvents.create({
    event_name: "ai_cost_microusd",
    identifier,
    timestamp,
    payload,
  });
  await world.control("clock", { advanceSeconds: 26 * 3600 });
  await send(world);
  assert.deepEqual(await states(world), ["sent"]);
  assert.equal((await meterEvents(world)).length, 1);
});

for (const { name, age } of [
  { name: "after an outage of 26 hours", age: "26 hours" },
  { name: "more than 35 days late", age: "36 days" },
]) {
  test(`F104 ${name} what Stripe never counted goes out under a new identifier and a new time`, async (t) => {
    const world = await openWorld(t);
    const ada = await makePayer(world);
    await spend(world, ada.botId, [7_000_000n]);
    await foldUsage(world.deps, { days: "all" }, new AbortController().signal);
    await sql`update app.meter_batches set event_at = now() - ${age}::interval, attempts = 9,
      last_attempt_at = now() - interval '10 minutes'`.execute(world.deps.db);
    await send(world);
    const [waiting] = await batches(world);
    assert.deepEqual([waiting?.state, waiting?.note], ["pending", "waits for Stripe's sums"]);
    await sql`update app.meter_batches set last_attempt_at = now() - interval '2 hours'`.execute(
      world.deps.db,
    );
    await waitOver(world.deps.db);
    await send(world);
    await send(world);
    const [row] = await batches(world);
    assert.deepEqual([row?.state, row?.identifier], ["sent", `usage/${ada.userId}/1/2`]);
    assert.equal(await counted(world, ada.customer), 7n);
  });
}

test("F104 a refusal that no repetition mends is kept as dead, and goes out when a person has mended it", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  const { meter } = await ensureCatalog(world.deps);
  await spend(world, ada.botId, [7_000_000n]);
  await world.stripe.billing.meters.deactivate(meter);
  await report(world);
  const [dead] = await batches(world);
  assert.equal(dead?.state, "dead");
  assert.match(dead?.note ?? "", /archived_meter/);
  await waitOver(world.deps.db);
  assert.equal(await send(world), "");
  await world.stripe.billing.meters.reactivate(meter);
  const resent = await resendBatches(world.deps, { config: world.deps.config, meter });
  assert.deepEqual(resent, { renewed: [`usage/${ada.userId}/1/2`], counted: [] });
  await send(world);
  assert.deepEqual(await states(world), ["sent"]);
  assert.equal(await counted(world, ada.customer), 7n);
});

test("F104 resending leaves alone what Stripe has counted after all", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  const { meter } = await ensureCatalog(world.deps);
  await spend(world, ada.botId, [7_000_000n]);
  await report(world);
  await sql`update app.meter_batches set state = 'rejected'`.execute(world.deps.db);
  const resent = await resendBatches(world.deps, { config: world.deps.config, meter });
  assert.deepEqual(resent, { renewed: [], counted: [`usage/${ada.userId}/1`] });
  assert.deepEqual(await states(world), ["confirmed"]);
  assert.equal((await meterEvents(world)).length, 1);
});

test("F104 a usage price whose meter does not count stops the report before anything is sent", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  const { meter } = await ensureCatalog(world.deps);
  await spend(world, ada.botId, [7_000_000n]);
  await world.stripe.billing.meters.deactivate(meter);
  const deps = { ...world.deps, config: { ...world.deps.config } };
  await assert.rejects(report({ deps }), { code: "upstream_failed" });
  assert.deepEqual(await states(world), ["pending"]);
});

for (const minutes of [-10, 10]) {
  test(`F106 a process whose clock is ${minutes} minutes off reports the database's time`, async (t) => {
    const world = await openWorld(t);
    const ada = await makePayer(world);
    const deps = { ...world.deps, clock: systemClock(minutes * 60_000) };
    await spend(world, ada.botId, [7_000_000n]);
    const now = async () =>
      (await sql<{ at: Date }>`select now() as at`.execute(world.deps.db)).rows[0]?.at.getTime() ?? 0;
    const before = await now();
    await report({ deps });
    const [event] = await meterEvents(world);
    const at = Number(event?.at) * 1000;
    assert.ok(at >= before - 1000 && at <= (await now()), `${at} is not of this moment`);
    const preview = await world.stripe.invoices.createPreview({
      customer: ada.customer,
      subscription: ada.subscription,
    });
    assert.ok(preview.lines.data.some((line) => line.quantity_decimal?.toString() === "7"));
  });
}

test("F106 a time that is still ahead of Stripe's clock is waited for, not given up", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  await spend(world, ada.botId, [7_000_000n]);
  await foldUsage(world.deps, { days: "all" }, new AbortController().signal);
  await sql`update app.meter_batches set event_at = now() + interval '6 minutes'`.execute(world.deps.db);
  await send(world);
  const [row] = await batches(world);
  assert.equal(row?.state, "pending");
  assert.match(row?.note ?? "", /timestamp_in_future/);
  await world.control("clock", { advanceSeconds: 120 });
  await waitOver(world.deps.db);
  await send(world);
  assert.deepEqual(await states(world), ["sent"]);
});
