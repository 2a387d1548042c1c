/** Settled calls become batches: one a user, nothing lost, nothing taken twice, nothing rounded away. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { withUser } from "../db/open.ts";
import { foldUsage } from "./fold-usage.ts";
import { foldUsers } from "./meter-table.ts";
import { readMetered } from "./read-metered.ts";
import {
  batches,
  counted,
  endPlan,
  makePayer,
  minuteOver,
  report,
  send,
  spend,
  spent,
} from "./testing/usage.ts";
import { openWorld } from "./testing/world.ts";

test("calls are folded into one batch a user, and what is below a micro-dollar waits for the next", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  await spend(world, ada.botId, [1_400_000n, 700_000n, 1n]);
  await report(world);
  const [first] = await batches(world);
  assert.deepEqual([first?.picos, first?.micros, first?.state], [2_100_001n, 2n, "sent"]);
  await spend(world, ada.botId, [899_998n]);
  await report(world);
  assert.equal((await batches(world)).length, 1, "0.999999 micro-dollars are not sent");
  await spend(world, ada.botId, [1n]);
  await minuteOver(world.deps.db);
  await report(world);
  const [, second] = await batches(world);
  assert.deepEqual([second?.picos, second?.micros], [899_999n, 1n]);
  assert.equal(await counted(world, ada.customer), 3n);
  assert.deepEqual(await readMetered(world.deps, ada.userId), {
    reportedPicos: 3_000_000n,
    waitingPicos: 0n,
  });
});

test("a user without a subscription waits: nothing is sent, nothing is lost", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  await spend(world, ada.botId, [5_000_000n]);
  await endPlan(world, ada.userId);
  await report(world);
  assert.deepEqual(await batches(world), []);
  assert.deepEqual(await readMetered(world.deps, ada.userId), {
    reportedPicos: 0n,
    waitingPicos: 5_000_000n,
  });
});

test("two workers and running calls: what is in batches and what is left is what was settled", async (t) => {
  const world = await openWorld(t);
  const payers = [await makePayer(world), await makePayer(world)];
  const signal = new AbortController().signal;
  const fold = () => foldUsage(world.deps, { days: "all", pauseMs: 0 }, signal);
  await Promise.all(
    Array.from({ length: 12 }, async (_, round) => {
      for (const { botId } of payers) {
        await spend(world, botId, [BigInt(round) * 777_777n + 1n, 333_333n]);
        await Promise.all([fold(), fold()]);
      }
    }),
  );
  await fold();
  for (const { userId, botId } of payers) {
    const { rows } = await sql<{ micros: bigint; picos: bigint }>`
      select sum(micros)::bigint as micros, sum(picos)::bigint as picos from app.meter_batches
      where user_id = ${userId}`.execute(world.deps.db);
    const total = await spent(world, botId);
    assert.equal(rows[0]?.micros, total / 1_000_000n);
    assert.ok(total - (rows[0]?.picos ?? 0n) < 1_000_000n);
  }
});

test("a user whom another worker is just folding is left alone, and nothing is taken twice", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  const signal = new AbortController().signal;
  const fold = () => foldUsage(world.deps, { days: "all", pauseMs: 0 }, signal);
  await spend(world, ada.botId, [2_000_000n]);
  assert.equal(await fold(), 1);
  await spend(world, ada.botId, [3_000_000n]);
  await world.deps.db.transaction().execute(async (other) => {
    assert.equal((await foldUsers(other, [ada.userId], "all")).length, 1);
    assert.equal(await fold(), 0);
  });
  assert.equal(await fold(), 0);
  assert.deepEqual(
    (await batches(world)).map((batch) => batch.micros),
    [2n, 3n],
  );
});

test("a user is folded every five minutes at most, and once more when the paid period ends", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  const signal = new AbortController().signal;
  const fold = () => foldUsage(world.deps, { days: "recent" }, signal);
  await spend(world, ada.botId, [3_000_000n]);
  assert.equal(await fold(), 1);
  await spend(world, ada.botId, [3_000_000n]);
  assert.equal(await fold(), 0);
  await sql`update app.users set current_period_end = now() + interval '1 minute'`.execute(world.deps.db);
  assert.equal(await fold(), 1);
});

test("a call settled long after its day is billed into the present period", async (t) => {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  await spend(world, ada.botId, [3_000_000n]);
  await sql`update app.usage_days set day = day - 40`.execute(world.deps.db);
  const signal = new AbortController().signal;
  assert.equal(await foldUsage(world.deps, { days: "recent" }, signal), 0);
  assert.equal(await foldUsage(world.deps, { days: "all" }, signal), 1);
  await send(world);
  const preview = await world.stripe.invoices.createPreview({
    customer: ada.customer,
    subscription: ada.subscription,
  });
  assert.ok(preview.lines.data.some((line) => line.quantity_decimal?.toString() === "3"));
});

test("X2 a user sees the own batches only", async (t) => {
  const world = await openWorld(t);
  const [ada, bob] = [await makePayer(world), await makePayer(world)];
  for (const { botId } of [ada, bob]) await spend(world, botId, [7_000_000n]);
  await report(world);
  const seen = await withUser(world.deps.db, ada.userId, (trx) =>
    trx.selectFrom("app.meter_batches").select("user_id").execute(),
  );
  assert.deepEqual(seen, [{ user_id: ada.userId }]);
});
