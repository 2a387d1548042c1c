/** From what Stripe tells to plan and bot: in any order, late, twice, not at all, and never for somebody else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { createCheckout } from "./create-checkout.ts";
import { createSweep } from "./sweep-subscriptions.job.ts";
import { syncSubscription } from "./sync-subscription.ts";
import {
  countEvents,
  deliverTo,
  eventBody,
  fetchOnce,
  openWorld,
  payAs,
  planAndBot,
  sign,
  storeCard,
  userRow,
  type World,
  workUntil,
} from "./testing/world.ts";

test("F18 whoever never returns gets the bot by the webhook alone", async (t) => {
  const world = await openWorld(t);
  await deliverTo(world);
  const userId = await world.signIn();
  await payAs(world, userId);
  await workUntil(world, "checkout.session.completed");
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "active", bots: ["running"] });
});

test("F19 a webhook delivered five times and in any order has one effect", async (t) => {
  const world = await openWorld(t);
  await deliverTo(world);
  await world.control("faults", { delivery: { copies: 5, shuffle: true }, seed: 42 });
  const userId = await world.signIn();
  await payAs(world, userId);
  const types = [
    "invoice.created",
    "invoice.finalized",
    "invoice.paid",
    "customer.subscription.created",
    "checkout.session.completed",
  ];
  for (const type of types) await workUntil(world, type);
  const rows = await world.deps.db
    .selectFrom("app.stripe_events")
    .select("type")
    .where("type", "in", types)
    .execute();
  assert.deepEqual(rows.map((row) => row.type).toSorted(), types.toSorted());
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "active", bots: ["running"] });
});

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((first, index) =>
    permutations(list.toSpliced(index, 1)).map((rest) => [first, ...rest]),
  );
}

/** Back to the moment before the first event, the customer known. */
async function forget(world: World, userId: string): Promise<void> {
  await sql`delete from app.stripe_events`.execute(world.deps.db);
  await sql`delete from app.bots`.execute(world.deps.db);
  await sql`update app.users set subscription_status = 'none', subscription_id = null, current_period_end = null
    where id = ${userId}`.execute(world.deps.db);
}

for (const { name, cancelled, expected } of [
  { name: "a cancelled plan", cancelled: true, expected: { plan: "canceled", bots: [] } },
  { name: "a paid plan", cancelled: false, expected: { plan: "active", bots: ["running"] } },
]) {
  test(`F20 all 24 orders of four events end in ${name}`, async (t) => {
    const world = await openWorld(t);
    const userId = await world.signIn();
    const { customer, subscription } = await payAs(world, userId);
    if (cancelled) await world.stripe.subscriptions.cancel(subscription);
    const types = [
      "checkout.session.completed",
      "invoice.paid",
      "invoice.payment_failed",
      "customer.subscription.deleted",
    ];
    const events = types.map((type) =>
      eventBody(type, { id: "in_1", object: "invoice", customer, status: "active" }),
    );
    for (const order of permutations(events)) {
      await forget(world, userId);
      for (const body of order) {
        assert.equal((await world.post(body, sign(body))).statusCode, 200);
        await world.work();
      }
      assert.deepEqual(await planAndBot(world.deps, userId), expected);
    }
  });
}

test("F20 an older look at Stripe never overwrites a newer one", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  const { customer, subscription } = await payAs(world, userId);
  await syncSubscription(world.deps, customer);
  // The first look reads "active" and is held up on its way back; the second reads the cancellation.
  await world.control("faults", {
    api: [{ method: "GET", path: "/v1/subscriptions", kind: "delay", delayMs: 600, times: 1 }],
  });
  const listed = fetchOnce(world, "/v1/subscriptions");
  const slow = syncSubscription(world.deps, customer);
  await listed;
  await world.stripe.subscriptions.cancel(subscription);
  await syncSubscription(world.deps, customer);
  await slow;
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "canceled", bots: ["paused"] });
});

test("F24 an event about a checkout that is not ours is kept, ignored, and gives nobody a bot", async (t) => {
  const world = await openWorld(t);
  const [payer, named] = [await world.signIn(), await world.signIn()];
  const { customer } = await payAs(world, payer);
  const foreign = eventBody("checkout.session.completed", {
    id: "cs_1",
    object: "checkout.session",
    customer: "cus_stranger",
    client_reference_id: named,
    payment_status: "paid",
  });
  const crossed = eventBody("checkout.session.completed", {
    id: "cs_2",
    object: "checkout.session",
    customer,
    client_reference_id: named,
    payment_status: "paid",
  });
  for (const body of [foreign, crossed]) assert.equal((await world.post(body, sign(body))).statusCode, 200);
  await world.work();
  assert.deepEqual([await countEvents(world.deps, "ignored"), await countEvents(world.deps, "done")], [1, 1]);
  assert.deepEqual(await planAndBot(world.deps, named), { plan: "none", bots: [] });
  assert.deepEqual(await planAndBot(world.deps, payer), { plan: "active", bots: ["running"] });
});

test("F25 a checkout that is complete but unpaid gives no bot until the bank has paid", async (t) => {
  const world = await openWorld(t);
  await deliverTo(world);
  const userId = await world.signIn();
  const { session } = await payAs(world, userId, "later");
  await workUntil(world, "checkout.session.completed");
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "incomplete", bots: [] });
  await assert.rejects(createCheckout(world.deps, userId), { code: "conflict" });
  await world.control("settle", { session, succeeded: true });
  await workUntil(world, "checkout.session.async_payment_succeeded");
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "active", bots: ["running"] });
});

test("F25 a bank that refuses leaves no bot", async (t) => {
  const world = await openWorld(t);
  await deliverTo(world);
  const userId = await world.signIn();
  const { session } = await payAs(world, userId, "later");
  await world.control("settle", { session, succeeded: false });
  await workUntil(world, "checkout.session.async_payment_failed");
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "past_due", bots: [] });
});

test("F31 F32 a failed renewal pauses the bot and keeps it; a paid one wakes it; the end pauses it again", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  const { customer, subscription } = await payAs(world, userId);
  await syncSubscription(world.deps, customer);
  await storeCard(world, userId, "declined");
  const end = (await userRow(world.deps, userId)).current_period_end?.getTime() ?? 0;
  await world.control("clock", { to: end / 1000 + 3600 });
  await syncSubscription(world.deps, customer);
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "past_due", bots: ["paused"] });
  const [open] = (await world.stripe.invoices.list({ customer, status: "open" })).data;
  await storeCard(world, userId, "works");
  await world.stripe.invoices.pay(open?.id ?? "");
  await syncSubscription(world.deps, customer);
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "active", bots: ["running"] });
  await world.stripe.subscriptions.cancel(subscription);
  await syncSubscription(world.deps, customer);
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "canceled", bots: ["paused"] });
});

test("a cancellation at the period's end is shown and keeps the bot", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  const { customer, subscription } = await payAs(world, userId);
  await world.stripe.subscriptions.update(subscription, { cancel_at_period_end: true });
  await syncSubscription(world.deps, customer);
  assert.equal((await userRow(world.deps, userId)).cancel_at_period_end, true);
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "active", bots: ["running"] });
});

test("I1 the sweep repairs what no event has told", async (t) => {
  const world = await openWorld(t);
  const [first, second] = [await world.signIn(), await world.signIn()];
  await payAs(world, first);
  const { subscription } = await payAs(world, second);
  const sweep = createSweep(world.deps);
  const { signal } = new AbortController();
  assert.equal(await sweep(signal), "looked at 2 plans, 0 failed");
  await world.stripe.subscriptions.cancel(subscription);
  await sweep(signal);
  assert.deepEqual(await planAndBot(world.deps, first), { plan: "active", bots: ["running"] });
  assert.deepEqual(await planAndBot(world.deps, second), { plan: "canceled", bots: ["paused"] });
});

test("one customer that cannot be looked up holds up no other, and is tried again", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  const { customer } = await payAs(world, userId);
  const body = eventBody("invoice.paid", { id: "in_1", object: "invoice", customer });
  await world.post(body, sign(body));
  await world.control("faults", {
    api: [{ method: "GET", path: "/v1/subscriptions", kind: "refuse", status: 500, times: 3 }],
  });
  await world.work();
  assert.equal(await countEvents(world.deps, "pending"), 1);
  await sql`update app.stripe_events set next_attempt_at = now()`.execute(world.deps.db);
  await world.work();
  assert.equal(await countEvents(world.deps, "done"), 1);
  assert.deepEqual(await planAndBot(world.deps, userId), { plan: "active", bots: ["running"] });
});
