/** The webhook's door: who may deliver, what is stored of it, and what happens without a database. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { openDatabase } from "../db/open.ts";
import { receiveEvent } from "./receive-event.ts";
import { countEvents, eventBody, openDoor, sign, webhookSecret } from "./testing/world.ts";

const now = () => Math.floor(Date.now() / 1000);

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
