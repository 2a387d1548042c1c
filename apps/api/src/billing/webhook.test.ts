import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { openDatabase } from "../db/open.ts";
import { createCheckout } from "./create-checkout.ts";
import { receiveEvent } from "./receive-event.ts";
import { syncSubscription } from "./sync-subscription.ts";
import { createSweep } from "./sweep-subscriptions.job.ts";
import {
  countEvents,
  deliverTo,
  eventBody,
  openDoor,
  openWorld,
  payAs,
  planAndBot,
  sign,
  storeCard,
  userRow,
  webhookSecret,
  type World,
  workUntil,
} from "./testing/world.ts";

const now = () => Math.floor(Date.now() / 1000);

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

/** Resolves when the client has sent a request to this path. */
function fetchOnce(world: World, path: string): Promise<void> {
  return new Promise((resolve) => {
    const heard = (request: { path: string }) => {
      if (!request.path.startsWith(path)) return;
      world.stripe.off("request", heard);
      resolve();
    };
    world.stripe.on("request", heard);
  });
}

test("F21 a forged delivery is refused and leaves no row", async (t) => {
  const world = await openDoor(t);
  const body = eventBody("invoice.paid", { id: "in_1", object: "invoice", customer: "cus_1" });
  const good = sign(body);
  const other = body.replace("cus_1", "cus_2");
  const forgeries: [string, string, string | undefined][] = [
    ["no signature", body, undefined],
    ["an empty signature", body, ""],
    ["another secret", body, sign(body, { secret: "whsec_other" })],
    ["v0 only", body, sign(body, { scheme: "v0" })],
    ["the body of another event", other, good],
    ["a re-serialised body", JSON.stringify(JSON.parse(body), null, 1), good],
    ["a truncated body", body.slice(0, -1), good],
    ["a body with one byte more", `${body} `, good],
    ["no time", body, good.replace(/^t=\d+,/, "")],
    ["another time", body, good.replace(/^t=\d+/, `t=${now() - 1}`)],
    ["an empty hash", body, `t=${now()},v1=`],
    ["nonsense", body, "t=now,v1=yes"],
    ["the secret itself as signature", body, `t=${now()},v1=${webhookSecret}`],
    ["no body", "", sign("")],
    ["no JSON, well signed", "hello", sign("hello")],
  ];
  for (const [name, sent, signature] of forgeries) {
    const answer = await world.post(sent, signature);
    assert.deepEqual([answer.statusCode, answer.json().error?.code], [400, "invalid_input"], name);
  }
  assert.equal(await countEvents(world.deps), 0);
});

test("F22 a replay is answered like the first and does nothing; other times are refused", async (t) => {
  const world = await openDoor(t);
  const body = eventBody("invoice.paid", { id: "in_1", object: "invoice", customer: "cus_1" });
  for (const { at, status } of [
    { at: now(), status: 200 },
    { at: now(), status: 200 },
    { at: now() - 290, status: 200 },
    { at: now() - 310, status: 400 },
    { at: now() - 365 * 86_400, status: 400 },
    { at: now() + 290, status: 200 },
    { at: now() + 310, status: 400 },
    { at: now() + 86_400, status: 400 },
  ]) {
    assert.equal((await world.post(body, sign(body, { at }))).statusCode, status, `${at - now()} s`);
  }
  assert.equal(await countEvents(world.deps), 1);
});

test("F23 a well signed event of another mode or account is refused", async (t) => {
  const world = await openDoor(t);
  for (const more of [{ livemode: true }, { account: "acct_other" }]) {
    const body = eventBody("invoice.paid", { id: "in_1", object: "invoice", customer: "cus_1" }, more);
    assert.equal((await world.post(body, sign(body))).statusCode, 400);
  }
  assert.equal(await countEvents(world.deps), 0);
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

test("F26 without a database the answer is a quick 503, and the retry is stored", async (t) => {
  const world = await openDoor(t);
  const gone = openDatabase("postgres://nobody@127.0.0.1:1/none", { name: "gone", max: 1 });
  t.after(() => gone.destroy());
  const body = eventBody("invoice.paid", { id: "in_1", object: "invoice", customer: "cus_1" });
  const broken = { ...world.deps, db: gone };
  await assert.rejects(receiveEvent(broken, Buffer.from(body), sign(body)), { code: "ECONNREFUSED" });
  assert.equal((await world.post(body, sign(body))).statusCode, 200);
  assert.equal(await countEvents(world.deps), 1);
});

test("F26 a database that hangs is a 503 in under two seconds, and the retry is stored once", async (t) => {
  const world = await openDoor(t);
  const body = eventBody("invoice.paid", { id: "in_1", object: "invoice", customer: "cus_1" });
  const started = performance.now();
  const answer = await world.deps.db.transaction().execute(async (trx) => {
    await sql`lock table app.stripe_events in access exclusive mode`.execute(trx);
    return world.post(body, sign(body));
  });
  assert.deepEqual([answer.statusCode, answer.json().error.retryable], [503, true]);
  assert.ok(performance.now() - started < 2_000);
  assert.equal((await world.post(body, sign(body))).statusCode, 200);
  assert.equal(await countEvents(world.deps), 1);
});

test("F28 a body of 5 MB is refused before it is read", async (t) => {
  const world = await openDoor(t);
  const answer = await world.post("x".repeat(5_000_000), sign("x"));
  assert.deepEqual([answer.statusCode, answer.json().error.code], [413, "too_large"]);
});

test("F29 an unknown type and a newer version are stored and ignored", async (t) => {
  const world = await openDoor(t);
  for (const body of [
    eventBody("molt.moon.rose", { id: "moon_1", object: "moon" }),
    eventBody(
      "v99.thing.made",
      { id: "x", object: "thing", customer: { id: "cus_1" } },
      { api_version: "2031-01-01.zinnia" },
    ),
    eventBody("product.created", { id: "prod_1", object: "product" }),
  ]) {
    assert.equal((await world.post(body, sign(body))).statusCode, 200);
  }
  await world.work();
  assert.equal(await countEvents(world.deps, "ignored"), 3);
});

test("F30 while a secret is changed, both verify", async (t) => {
  const world = await openDoor(t, { STRIPE_WEBHOOK_SECRET: "whsec_old_one,whsec_new_one" });
  for (const secret of ["whsec_old_one", "whsec_new_one"]) {
    const body = eventBody("invoice.paid", { id: "in_1", object: "invoice", customer: "cus_1" });
    assert.equal((await world.post(body, sign(body, { secret }))).statusCode, 200);
  }
  assert.equal(await countEvents(world.deps), 2);
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

test("what is stored of an event holds no address", async (t) => {
  const world = await openDoor(t);
  const body = eventBody("customer.updated", {
    id: "cus_1",
    object: "customer",
    email: "ada@example.com",
    name: "Ada",
  });
  await world.post(body, sign(body));
  const row = await world.deps.db.selectFrom("app.stripe_events").selectAll().executeTakeFirstOrThrow();
  assert.equal(row.customer, "cus_1");
  assert.doesNotMatch(row.payload, /ada|Ada/);
});
