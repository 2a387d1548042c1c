/** What people are told about their money, from the stand-in's own invoices through the webhook's path. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { syncSubscription } from "./sync-subscription.ts";
import { openWorld, payAs, storeCard, userRow, type World } from "./testing/world.ts";

interface MailRow {
  key: string;
  template: string;
  recipient: string;
  data: Record<string, unknown>;
}

async function mails({ deps }: World): Promise<MailRow[]> {
  const { rows } = await sql<MailRow>`
    select key, template, recipient, data from app.mails`.execute(deps.db);
  return rows;
}

/** The templates queued since the last time, in order of their names. */
async function newMails(world: World, seen: Set<string>): Promise<string[]> {
  const fresh = (await mails(world)).filter(({ key }) => !seen.has(key));
  for (const { key } of fresh) seen.add(key);
  return fresh.map(({ template }) => template).toSorted();
}

test("whoever pays gets the invoice by mail once, however often Stripe is asked", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn("ada@example.com");
  const { customer, subscription } = await payAs(world, userId);
  await Promise.all(Array.from({ length: 5 }, () => syncSubscription(world.deps, customer)));
  await syncSubscription(world.deps, customer);
  const [mail, ...others] = await mails(world);
  assert.ok(mail);
  assert.deepEqual(others, []);
  const { data: invoices } = await world.stripe.invoices.list({ subscription });
  const [invoice] = invoices;
  assert.ok(invoice);
  const end = (await userRow(world.deps, userId)).current_period_end;
  assert.deepEqual([mail.key, mail.recipient], [`invoice/${invoice.id}`, "ada@example.com"]);
  assert.deepEqual(mail.data, {
    number: invoice.number,
    totalCents: 5_000,
    currency: "usd",
    from: new Date(invoice.created * 1000).toISOString().slice(0, 10),
    to: end?.toISOString().slice(0, 10),
    url: invoice.hosted_invoice_url,
  });
});

test("a card that fails, then pays, is told three times: failed, back again, invoice", async (t) => {
  const world = await openWorld(t);
  const seen = new Set<string>();
  const userId = await world.signIn();
  const { customer, subscription } = await payAs(world, userId);
  await syncSubscription(world.deps, customer);
  assert.deepEqual(await newMails(world, seen), ["invoice"]);

  await storeCard(world, userId, "declined");
  const end = (await userRow(world.deps, userId)).current_period_end?.getTime() ?? 0;
  await world.control("clock", { to: end / 1000 + 2 * 3600 });
  assert.equal(await syncSubscription(world.deps, customer), "past_due");
  await syncSubscription(world.deps, customer);
  assert.deepEqual(await newMails(world, seen), ["payment-failed"]);
  const failed = (await mails(world)).find(({ template }) => template === "payment-failed");
  assert.deepEqual(failed?.data, { amountCents: 5_000, currency: "usd" });

  await storeCard(world, userId, "works");
  const [open] = (await world.stripe.invoices.list({ subscription, status: "open" })).data;
  await world.stripe.invoices.pay(open?.id ?? "");
  assert.equal(await syncSubscription(world.deps, customer), "active");
  await syncSubscription(world.deps, customer);
  assert.deepEqual(await newMails(world, seen), ["back-again", "invoice"]);
});

test("a plan that ends is told once, and a new one brings the bot back", async (t) => {
  const world = await openWorld(t);
  const seen = new Set<string>();
  const userId = await world.signIn();
  const { customer, subscription } = await payAs(world, userId);
  await syncSubscription(world.deps, customer);
  await newMails(world, seen);
  await world.stripe.subscriptions.cancel(subscription);
  await syncSubscription(world.deps, customer);
  await syncSubscription(world.deps, customer);
  assert.deepEqual(await newMails(world, seen), ["paused"]);
  const told = (await mails(world)).find(({ template }) => template === "paused");
  assert.deepEqual(told?.data, { reason: "ended" });
  await payAs(world, userId);
  await syncSubscription(world.deps, customer);
  assert.deepEqual(await newMails(world, seen), ["back-again", "invoice"]);
});

test("an invoice that was paid long ago is not sent again by a first look at it", async (t) => {
  const world = await openWorld(t);
  const userId = await world.signIn();
  const { customer } = await payAs(world, userId);
  const later = { ...world.deps.clock, now: () => new Date(Date.now() + 15 * 24 * 60 * 60_000) };
  await syncSubscription({ ...world.deps, clock: later }, customer);
  assert.deepEqual(await mails(world), []);
});
