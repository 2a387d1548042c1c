/** A worker that dies or freezes in the middle: the next one goes on, and the old one changes nothing any more. */
import assert from "node:assert/strict";
import test from "node:test";
import { sql } from "kysely";
import { reconcileBot } from "./reconcile-bots.job.ts";
import { claimBots, LeaseLost, markAsleep, releaseBot, renewLease, stayAwake, writeBot } from "./table.ts";
import { atCall, creations, isRunning } from "./testing/bots.ts";
import { sharedMachines, testFleet } from "./testing/test-fleet.ts";

sharedMachines();

test("F40 a worker that dies after any of its calls is followed by one that goes on where it stood", async (t) => {
  const fleet = await testFleet(t);
  await fleet.faults({ knobs: { uniqueNames: false } });
  // app: look, make, look; address: look, make; volume: look, make; machine: make, look.
  const callsOfABirth = 9;
  let deaths = 0;
  for (let nth = 1; nth <= callsOfABirth; nth += 1) {
    const { botId } = await fleet.ask();
    const [bot] = await claimBots(fleet.deps.db, 1, 30_000);
    assert.equal(bot?.id, botId);
    // Nothing is written after it: neither what the call gave nor that the lease is over.
    const fly = atCall(fleet.tools.fly, nth, () => {
      deaths += 1;
      return Promise.reject(new LeaseLost("killed"));
    });
    await reconcileBot({ ...fleet.tools, fly }, bot, AbortSignal.timeout(20_000));
    await sql`update app.bots set lease_until = now() where id = ${botId}`.execute(fleet.deps.db);
    const worker = fleet.worker();
    await fleet.until(botId, isRunning);
    await worker.stop();
    assert.equal(creations(await fleet.truth()).length, nth, `died after call ${nth}`);
    await sql`update app.bots set desired = 'paused', status = 'paused', next_attempt_at = 'infinity'`.execute(
      fleet.deps.db,
    );
  }
  assert.equal(deaths, callsOfABirth, "a birth ended before the call it should die after");
});

for (const nth of [1, 5, 9])
  test(`F41 a worker frozen in its call ${nth} until another has done the work changes nothing when it wakes`, async (t) => {
    const fleet = await testFleet(t);
    await fleet.faults({ knobs: { uniqueNames: false } });
    const { botId } = await fleet.ask();
    const [bot] = await claimBots(fleet.deps.db, 1, 30_000);
    assert.ok(bot);
    assert.deepEqual(await claimBots(fleet.deps.db, 10, 30_000), [], "a held bot is nobody else's");
    const frozen = Promise.withResolvers<void>();
    const thawed = Promise.withResolvers<void>();
    const fly = atCall(fleet.tools.fly, nth, () => {
      frozen.resolve();
      return thawed.promise;
    });
    const stale = reconcileBot({ ...fleet.tools, fly }, bot, AbortSignal.timeout(20_000));
    await frozen.promise;
    await sql`update app.bots set lease_until = now() where id = ${botId}`.execute(fleet.deps.db);
    const worker = fleet.worker();
    await fleet.until(botId, isRunning);
    await worker.stop();
    const before = await fleet.row(botId);
    const calls = await fleet.truth();
    thawed.resolve();
    await stale;
    assert.deepEqual(await fleet.row(botId), before);
    assert.deepEqual(await fleet.truth(), calls, "and does nothing at Fly either");
  });

test("F41 every write under an old lease is refused", async (t) => {
  const fleet = await testFleet(t);
  const { botId } = await fleet.ask();
  const { db } = fleet.deps;
  const [stale] = await claimBots(db, 1, 30_000);
  assert.ok(stale);
  await sql`update app.bots set lease_until = now(), desired = 'asleep' where id = ${botId}`.execute(db);
  const [fresh] = await claimBots(db, 1, 30_000);
  assert.equal(fresh?.fence, stale.fence + 1n);
  const before = await fleet.row(botId);
  await assert.rejects(renewLease(db, stale, 30_000), LeaseLost);
  await assert.rejects(writeBot(db, stale, { status: "running" }), LeaseLost);
  assert.equal(await markAsleep(db, stale, { suspensionId: "x", wakeAt: null }), false);
  await stayAwake(db, stale);
  await releaseBot(db, stale, { attempts: 0, lookMs: 0 });
  assert.deepEqual(await fleet.row(botId), before);
});
