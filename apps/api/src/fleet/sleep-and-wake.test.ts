/** A bot that was born: it sleeps, wakes, crashes, is paused and comes back, each time as itself. */
import assert from "node:assert/strict";
import test from "node:test";
import { sql } from "kysely";
import { pauseBot } from "./pause-bot.ts";
import { provisionBot } from "./provision-bot.ts";
import { sleepIdleBots } from "./sleep-idle-bots.job.ts";
import { conduct, creations, doorOf, hasFailed, isRunning } from "./testing/bots.ts";
import { boots, sharedMachines, type TestFleet, testFleet } from "./testing/test-fleet.ts";
import type { BotRow } from "./table.ts";
import { wakeBot } from "./wake-bot.ts";

sharedMachines();

async function idle(fleet: TestFleet, botId: string): Promise<void> {
  await sql`update app.bots set desired = 'asleep', last_active_at = now() - interval '1 hour' where id = ${botId}`.execute(
    fleet.deps.db,
  );
}

test("F45 an empty list by mistake does not make a second machine", async (t) => {
  const fleet = await testFleet(t);
  const { botId } = await fleet.ask();
  const worker = fleet.worker();
  const row = await fleet.until(botId, isRunning);
  await worker.stop();
  await fleet.faults({
    rules: [{ method: "GET", path: "/machines$", sayInstead: { status: 200, body: [] } }],
  });
  await sql`update app.bots set desired = 'asleep' where id = ${botId}`.execute(fleet.deps.db);
  fleet.worker();
  await fleet.until(botId, (now) => now.status === "asleep");
  await fleet.deps.db.transaction().execute((trx) => wakeBot(fleet.deps, trx, botId));
  const awake = await fleet.until(botId, isRunning);
  assert.equal(awake.machine_id, row.machine_id);
  assert.equal(creations(await fleet.truth()).length, 1);
});

test("F65 an idle bot sleeps and wakes as itself: same process, fence lifted, 'waking' at once", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId } = await fleet.ask();
  const born = await fleet.until(botId, isRunning);
  const before = await fleet.hello(doorOf(fleet, born));
  await idle(fleet, botId);
  const asleep = await fleet.until(botId, (row) => row.status === "asleep" && row.lease_until === null);
  assert.notEqual(asleep.suspension_id, null);
  await fleet.deps.db.transaction().execute((trx) => wakeBot(fleet.deps, trx, botId));
  const waking = await fleet.row(botId);
  assert.ok(["waking", "running"].includes(waking.status));
  const awake = await fleet.until(botId, isRunning);
  const after = await fleet.hello(doorOf(fleet, awake));
  assert.deepEqual([after.pid, after.bootId, awake.suspension_id], [before.pid, before.bootId, null]);
});

test("a bot at work does not sleep", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId } = await fleet.ask();
  const born = await fleet.until(botId, isRunning);
  await conduct(fleet, born, "busy");
  await idle(fleet, botId);
  const row = await fleet.until(botId, (now) => now.desired === "running");
  assert.equal(row.status, "running");
  assert.ok(row.last_active_at.getTime() > Date.now() - 60_000, "work counts as activity");
});

test("a bot whose own schedule calls soon does not sleep, one that has time does and is woken before", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId } = await fleet.ask();
  const born = await fleet.until(botId, isRunning);
  await conduct(fleet, born, "cron=60000");
  await idle(fleet, botId);
  await fleet.until(botId, (row) => row.desired === "running" && row.status === "running");
  await conduct(fleet, born, "cron=3600000");
  await idle(fleet, botId);
  const asleep = await fleet.until(botId, (row) => row.status === "asleep" && row.lease_until === null);
  const inMs = (asleep.wake_at?.getTime() ?? 0) - Date.now();
  assert.ok(inMs > 3_500_000 && inMs <= 3_600_000, `wakes in ${inMs} ms`);
  assert.equal(await sleepIdleBots(fleet.deps), "");
  await sql`update app.bots set wake_at = now() + interval '50 seconds' where id = ${botId}`.execute(
    fleet.deps.db,
  );
  assert.match(await sleepIdleBots(fleet.deps), /1 to wake/);
  const awake = await fleet.until(botId, isRunning);
  assert.deepEqual([awake.boot_id, awake.wake_at], [born.boot_id, null]);
});

test("a bot that cannot be asked is stopped instead of suspended, and wakes all the same", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId } = await fleet.ask();
  const born = await fleet.until(botId, isRunning);
  await conduct(fleet, born, "mute");
  await idle(fleet, botId);
  await fleet.until(botId, (row) => row.status === "asleep" && row.lease_until === null);
  const { body } = await fleet.call(`GET /apps/${born.fly_app_id}/machines/${born.machine_id}`);
  assert.equal(Reflect.get(Object(body), "state"), "stopped");
  await fleet.deps.db.transaction().execute((trx) => wakeBot(fleet.deps, trx, botId));
  assert.equal((await fleet.until(botId, isRunning)).machine_id, born.machine_id);
});

test("a bot that cannot be suspended is stopped, and its own schedule wakes it all the same", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId } = await fleet.ask();
  const born = await fleet.until(botId, isRunning);
  await conduct(fleet, born, "cron=3600000");
  await fleet.faults({
    rules: [{ method: "POST", path: "/suspend$", answer: { status: 500, body: { error: "internal" } } }],
  });
  await idle(fleet, botId);
  const isStopped = (row: BotRow) =>
    row.status === "asleep" && row.lease_until === null && row.attempts === 0;
  const { wake_at: wakeAt } = await fleet.until(botId, isStopped);
  const { body } = await fleet.call(`GET /apps/${born.fly_app_id}/machines/${born.machine_id}`);
  assert.equal(Reflect.get(Object(body), "state"), "stopped");
  assert.ok(wakeAt && wakeAt.getTime() - Date.now() > 3_400_000, String(wakeAt));
});

test("F66 a wake that fails says so, and writing again tries again", async (t) => {
  const fleet = await testFleet(t, { limits: { tries: 3 } });
  fleet.worker();
  const { botId } = await fleet.ask();
  await fleet.until(botId, isRunning);
  await idle(fleet, botId);
  await fleet.until(botId, (row) => row.status === "asleep" && row.lease_until === null);
  await fleet.faults({
    rules: [{ method: "POST", path: "/start$", answer: { status: 500, body: { error: "internal" } } }],
  });
  await fleet.deps.db.transaction().execute((trx) => wakeBot(fleet.deps, trx, botId));
  assert.equal((await fleet.until(botId, hasFailed)).failure_code, "machine_host");
  await fleet.faults({});
  await fleet.deps.db.transaction().execute((trx) => wakeBot(fleet.deps, trx, botId));
  await fleet.until(botId, isRunning);
});

test("F67 a lost snapshot is a cold boot, and no error", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId } = await fleet.ask();
  const born = await fleet.until(botId, isRunning);
  await idle(fleet, botId);
  await fleet.until(botId, (row) => row.status === "asleep" && row.lease_until === null);
  await fleet.faults({ knobs: { loseSnapshots: true } });
  await fleet.deps.db.transaction().execute((trx) => wakeBot(fleet.deps, trx, botId));
  const awake = await fleet.until(botId, isRunning);
  assert.notEqual(awake.boot_id, born.boot_id);
  assert.equal(await boots(fleet, awake), 2);
});

test("F69 a message while it is being suspended wakes it, and nothing is lost on the way", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId } = await fleet.ask();
  const born = await fleet.until(botId, isRunning);
  await fleet.faults({ knobs: { suspendSlowMs: 60_000 } });
  await idle(fleet, botId);
  await fleet.until(botId, (row) => row.status === "asleep");
  // What chat/table.ts does when it stores a message, which knows nothing of the suspend.
  await sql`update app.bots set desired = 'running', last_active_at = now() where id = ${botId}`.execute(
    fleet.deps.db,
  );
  const awake = await fleet.until(botId, isRunning);
  assert.equal(awake.boot_id, born.boot_id);
});

test("a machine that dies is started again; the third time within ten minutes the person is told", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId } = await fleet.ask();
  const born = await fleet.until(botId, isRunning);
  await conduct(fleet, born, "die");
  const { pid } = await fleet.hello(doorOf(fleet, born));
  process.kill(pid, "SIGKILL");
  const failed = await fleet.until(botId, hasFailed);
  assert.deepEqual([failed.failure_code, failed.crashes, failed.volume_id], ["crashes", 3, born.volume_id]);
  assert.equal(failed.status, "failed");
});

test("a cancelled plan stops the machine and keeps the disk; paying again brings the same bot back", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId, userId } = await fleet.ask();
  const born = await fleet.until(botId, isRunning);
  await fleet.deps.db.transaction().execute((trx) => pauseBot(fleet.deps, trx, userId));
  await fleet.until(botId, (row) => row.status === "paused");
  const { body } = await fleet.call(`GET /apps/${born.fly_app_id}/machines/${born.machine_id}`);
  assert.equal(Reflect.get(Object(body), "state"), "stopped");
  await fleet.deps.db
    .updateTable("app.users")
    .set({ subscription_status: "active" })
    .where("id", "=", userId)
    .execute();
  assert.equal((await provisionBot(fleet.deps, userId)).status, "waking");
  const back = await fleet.until(botId, isRunning);
  assert.deepEqual(
    [back.machine_id, back.volume_id, await boots(fleet, back)],
    [born.machine_id, born.volume_id, 2],
  );
  const mails = await fleet.deps.db.selectFrom("app.mails").select("key").execute();
  assert.equal(mails.length, 1);
});
