import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { armFailpoints } from "../failpoints.ts";
import { sharedMachines } from "../fleet/testing/test-fleet.ts";
import { openKeyring } from "../models/authenticate-bot.ts";
import { open } from "../secrets.ts";
import { modelKeyPlace } from "../fleet/secret-places.ts";
import { accountWorld, type AccountWorld, type Payer, whereIs } from "./testing/world.ts";

sharedMachines();

const canary = "CANARY-of-a-private-thought";
const DOLLAR = 1_000_000_000_000n;

/** What a life with a bot leaves behind: messages, a mind, usage, claims, a place on the waitlist. */
async function live({ deps: { db } }: AccountWorld, { botId, email }: Payer): Promise<void> {
  await sql`insert into app.messages (bot_id, seq, role, text, state)
    values (${botId}, 1, 'user', ${canary}, 'answered')`.execute(db);
  await sql`insert into app.messages (bot_id, seq, role, text, state, reply_to)
    select bot_id, 2, 'bot', ${canary}, 'final', id from app.messages where bot_id = ${botId}`.execute(db);
  await sql`insert into app.brain_snapshots values (${botId}, now(), ${JSON.stringify({ canary })})`.execute(
    db,
  );
  await sql`insert into app.usage_logs (bot_id, tokens_in, tokens_out, model, state, cause, provider, cost_picos,
    price_version, settled_at) values (${botId}, 10, 5, 'm-1', 'settled', 'chat', 'p', ${3n * DOLLAR}, 'v', now())`.execute(
    db,
  );
  await sql`insert into app.usage_days values (${botId}, (now() at time zone 'utc')::date, 'm-1', 'chat', 1, 10, 5,
    ${3n * DOLLAR})`.execute(db);
  await sql`insert into app.usage_claims values (${botId}, gen_random_uuid(), 'm-1', 1, 1, now())`.execute(
    db,
  );
  await sql`insert into app.waitlist (email, canonical, referral_code, token_hash)
    values (${email}, ${email}, ${email.slice(0, 3)}, sha256(${email}::bytea))`.execute(db);
}

const mailsTo = async ({ db }: Deps, email: string) =>
  await db.selectFrom("app.mails").select(["template", "language"]).where("recipient", "=", email).execute();

test("F111 an account ends with everything it was: machine, disk, plan, sign-in, every row and address", async (t) => {
  const world = await accountWorld(t);
  const { deps, fleet, stripe } = world;
  fleet.worker();
  const [ann, bob] = [await world.pay("ann@example.com"), await world.pay("bob@example.com")];
  await live(world, ann);
  await live(world, bob);
  const machine = await fleet.row(ann.botId);
  assert.equal((await world.call(ann, "POST /me/language", { language: "de" })).statusCode, 200);

  assert.deepEqual((await world.remove(ann)).json(), { deleted: true });
  assert.deepEqual((await world.remove(ann)).json(), { deleted: true }, "again is the same");
  const refused = await world.call(ann, "GET /me");
  assert.deepEqual([refused.statusCode, refused.json().error.code], [410, "account_ending"]);
  await world.untilEnded(ann);

  assert.equal((await fleet.call(`GET /apps/${machine.fly_app_id}`)).status, 404);
  assert.equal(existsSync(join(fleet.dataDir, "volumes", machine.volume_id ?? "none")), false);
  const { data: plans } = await stripe.api.subscriptions.list({ customer: ann.customer, status: "all" });
  assert.deepEqual(
    plans.map(({ status }) => status),
    ["canceled"],
  );
  const { data: invoices } = await stripe.api.invoices.list({ customer: ann.customer });
  // $3 of tokens, and Stripe's price holds the x 1.2.
  assert.deepEqual(
    invoices.map(({ total }) => total).toSorted((a, b) => a - b),
    [360, 5_000],
  );
  const customer = await stripe.api.customers.retrieve(ann.customer);
  assert.ok(!customer.deleted);
  assert.deepEqual([customer.email, customer.metadata], [null, {}]);

  assert.deepEqual(await mailsTo(deps, ann.email), [{ template: "account-deleted", language: "de" }]);
  assert.deepEqual(
    (await whereIs(deps, ann.email)).map((row) => row.split(":")[0]),
    ["app.mails"],
  );
  assert.deepEqual(await whereIs(deps, ann.botId), []);
  assert.ok((await whereIs(deps, canary)).every((row) => row.includes(bob.botId)));
  assert.deepEqual((await world.call(ann, "GET /me")).json().error.code, "not_signed_in");
  assert.deepEqual((await world.remove(ann)).json(), { deleted: true }, "and once more is a no-op");

  const { rows: books } = await sql`select model, calls, cost_picos from app.closed_usage
    where user_id = ${ann.userId}`.execute(deps.db);
  assert.deepEqual(books, [{ model: "m-1", calls: 1n, cost_picos: 3n * DOLLAR }]);
  const receipt = await deps.db.selectFrom("app.account_deletions").selectAll().executeTakeFirstOrThrow();
  assert.deepEqual([receipt.asked_by, receipt.email], ["user", null]);
  assert.ok(receipt.machine_removed_at && receipt.subscription_ended_at && receipt.account_removed_at);

  // Nobody else noticed anything.
  assert.equal((await world.call(bob, "GET /me")).json().bot.status, "running");
  assert.equal((await stripe.api.subscriptions.list({ customer: bob.customer })).data[0]?.status, "active");
  assert.equal((await whereIs(deps, bob.email)).length > 2, true);

  const again = await world.signUp(ann.email);
  assert.notEqual(again.userId, ann.userId);
  assert.equal((await world.call(again, "GET /me")).json().subscription.status, "none");
});

test("another address than the account's own deletes nothing", async (t) => {
  const world = await accountWorld(t);
  const ann = await world.signUp("ann@example.com");
  for (const typed of ["", "ann@example.org", "ann@example.com, bob@example.com"]) {
    const answer = await world.remove(ann, typed);
    assert.deepEqual([answer.statusCode, answer.json().error.code], [400, "invalid_input"], typed);
  }
  assert.equal((await world.call(ann, "GET /me")).statusCode, 200);
  assert.equal((await world.remove(ann, "  Ann@Example.COM ")).statusCode, 200, "however it is written");
  await world.untilEnded(ann);
});

test("I11 the bot's key opens nothing within the instant, and no reservation is granted", async (t) => {
  const world = await accountWorld(t);
  world.fleet.worker();
  const ann = await world.pay("ann@example.com");
  const { deps } = world;
  const { model_key: sealed } = await world.fleet.row(ann.botId);
  const key = open(deps.config.masterKey, sealed ?? "", modelKeyPlace(ann.botId));
  const keyring = openKeyring(deps);
  t.after(() => keyring.close());
  assert.equal((await keyring.find(key))?.botId, ann.botId);
  const asked = performance.now();
  await world.remove(ann);
  while ((await keyring.find(key)) !== undefined) assert.ok(performance.now() - asked < 5_000, "still good");
  const calls = JSON.stringify([
    {
      id: crypto.randomUUID(),
      bot_id: ann.botId,
      model: "m-1",
      provider: "p",
      price_version: "v",
      reserved_picos: 1,
    },
  ]);
  const { rows } = await sql<{ refusal: string }>`
    select refusal from app.reserve_calls(${calls}::jsonb, gen_random_uuid())`.execute(deps.db);
  assert.deepEqual(rows, [{ refusal: "not_entitled" }]);
});

test("F111 cut off at each of its steps, it goes on where it stood and does nothing twice", async (t) => {
  const world = await accountWorld(t);
  const { deps, fleet, stripe } = world;
  fleet.worker();
  t.after(() => armFailpoints([]));
  const passages = [
    { name: "after-revoke-before-delete", nth: 1 },
    ...[1, 2, 3, 4].map((nth) => ({ name: "mid-delete", nth }) as const),
  ] as const;
  for (const [index, { name, nth }] of passages.entries()) {
    const ann = await world.pay(`ann${index}@example.com`);
    await live(world, ann);
    await world.remove(ann);
    armFailpoints([{ name, nth, action: "throw", delayMs: 0 }]);
    await world.untilEnded(ann);
    const row = await deps.db
      .selectFrom("app.account_deletions")
      .selectAll()
      .where("user_id", "=", ann.userId)
      .executeTakeFirstOrThrow();
    assert.ok(row.finished_at, `${name}@${nth}`);
    const { data: invoices } = await stripe.api.invoices.list({ customer: ann.customer });
    assert.equal(invoices.length, 2, "the plan, and one last invoice");
    assert.deepEqual(await mailsTo(deps, ann.email), [{ template: "account-deleted", language: "en" }]);
  }
});

test("F111 lost answers of Stripe and of the sign-in service are asked for again", async (t) => {
  const world = await accountWorld(t);
  world.fleet.worker();
  const ann = await world.pay("ann@example.com");
  await world.auth.misbehave(
    { kind: "drop", path: ann.userId },
    { kind: "status", status: 503, path: ann.userId },
  );
  await world.remove(ann);
  await world.untilEnded(ann);
  assert.deepEqual(
    (await whereIs(world.deps, ann.email)).map((row) => row.split(":")[0]),
    ["app.mails"],
  );
});

test("while Stripe is down the machine goes all the same, and the plan ends when it is back", async (t) => {
  const world = await accountWorld(t);
  const { deps, fleet } = world;
  fleet.worker();
  const ann = await world.pay("ann@example.com");
  const { url } = deps.config.stripe;
  await world.remove(ann);
  const down = {
    ...deps,
    config: { ...deps.config, stripe: { ...deps.config.stripe, url: "http://127.0.0.1:1" } },
  };
  const { endAccounts } = await import("./end-accounts.job.ts");
  await fleet.until(ann.botId, (row) => row.status === "deleting" && row.fly_app_id === null);
  assert.equal(await endAccounts(down, AbortSignal.timeout(60_000)), "");
  const row = await deps.db.selectFrom("app.account_deletions").selectAll().executeTakeFirstOrThrow();
  assert.ok(row.machine_removed_at);
  assert.deepEqual([row.subscription_ended_at, row.account_removed_at, row.attempts], [null, null, 1]);
  assert.match(row.note ?? "", /payment service does not answer/);
  assert.equal(deps.config.stripe.url, url);
  await world.untilEnded(ann);
});

test("while Fly is down the plan ends all the same, and the machine goes when it is back", async (t) => {
  const world = await accountWorld(t);
  const { deps, fleet, stripe } = world;
  fleet.worker();
  const ann = await world.pay("ann@example.com");
  await fleet.faults({ rules: [{ path: "/v1/apps", answer: { status: 500, body: { error: "down" } } }] });
  await world.remove(ann);
  assert.equal(await world.pass(), "");
  assert.equal((await stripe.api.subscriptions.list({ customer: ann.customer })).data.length, 0);
  const row = await deps.db.selectFrom("app.account_deletions").selectAll().executeTakeFirstOrThrow();
  assert.deepEqual([row.machine_removed_at, row.account_removed_at], [null, null]);
  assert.equal(row.note, "waits for the machine");
  await fleet.faults({});
  await world.untilEnded(ann);
});

test("a call that still runs is settled and billed before the plan ends", async (t) => {
  const world = await accountWorld(t);
  const { deps, fleet, stripe } = world;
  fleet.worker();
  const ann = await world.pay("ann@example.com");
  const id = crypto.randomUUID();
  await sql`insert into app.usage_logs (id, bot_id, model, state, cause, provider, reserved_picos, price_version)
    values (${id}, ${ann.botId}, 'm-1', 'reserved', 'chat', 'p', ${5n * DOLLAR}, 'v')`.execute(deps.db);
  await world.remove(ann);
  assert.equal(await world.pass(), "");
  assert.equal((await stripe.api.subscriptions.list({ customer: ann.customer })).data.length, 1);
  const settled = [
    {
      id,
      state: "settled",
      tokens_in: 1,
      tokens_out: 1,
      cache_read_tokens: 0,
      cache_write_tokens: 0,
      cache_write_1h_tokens: 0,
      reasoning_tokens: 0,
      cost_picos: Number(2n * DOLLAR),
      http_status: 200,
    },
  ];
  await sql`select app.settle_calls(${JSON.stringify(settled)}::jsonb)`.execute(deps.db);
  await world.untilEnded(ann);
  const { data: invoices } = await stripe.api.invoices.list({ customer: ann.customer });
  assert.deepEqual(
    invoices.map(({ total }) => total).toSorted((a, b) => a - b),
    [240, 5_000],
  );
});

test("a page on which somebody could still pay is closed, and what is paid at the last moment brings no bot", async (t) => {
  const world = await accountWorld(t);
  const { deps, stripe } = world;
  const ann = await world.signUp("ann@example.com");
  await world.call(ann, "GET /me");
  const { createCheckout } = await import("../billing/create-checkout.ts");
  const { syncSubscription } = await import("../billing/sync-subscription.ts");
  const { checkoutUrl } = await createCheckout(deps, ann.userId);
  await world.remove(ann);
  const { stripe_customer_id: customer } = await deps.db
    .selectFrom("app.users")
    .select("stripe_customer_id")
    .executeTakeFirstOrThrow();
  await stripe.control("pay", { session: checkoutUrl.split("/").at(-1) ?? "", way: "works" });
  await syncSubscription(deps, customer ?? "");
  assert.deepEqual(await deps.db.selectFrom("app.bots").select("id").execute(), []);
  await world.untilEnded(ann);
  assert.equal((await stripe.api.subscriptions.list({ customer: customer ?? "" })).data.length, 0);
});

test("an account deleted at the sign-in service ends everywhere else too, without us", async (t) => {
  const world = await accountWorld(t);
  const { deps, fleet, stripe } = world;
  fleet.worker();
  const ann = await world.pay("ann@example.com");
  await live(world, ann);
  await sql`delete from auth.users where id = ${ann.userId}`.execute(deps.db);
  assert.equal((await world.call(ann, "GET /me")).json().error.code, "not_signed_in");
  await world.untilEnded(ann);
  assert.equal((await stripe.api.subscriptions.list({ customer: ann.customer })).data.length, 0);
  const row = await deps.db.selectFrom("app.account_deletions").selectAll().executeTakeFirstOrThrow();
  assert.deepEqual([row.asked_by, row.email], ["operator", null]);
  const { rows: books } = await sql`select cost_picos from app.closed_usage`.execute(deps.db);
  assert.deepEqual(books, [{ cost_picos: 3n * DOLLAR }]);
  assert.deepEqual(await mailsTo(deps, ann.email), [{ template: "account-deleted", language: "en" }]);
});
