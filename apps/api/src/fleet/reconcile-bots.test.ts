import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { sql } from "kysely";
import { open } from "../secrets.ts";
import { deleteBot, isBotRemoved } from "./delete-bot.ts";
import type { Fly } from "./fly.ts";
import { appName } from "./machine-config.ts";
import { pauseBot } from "./pause-bot.ts";
import { provisionBot } from "./provision-bot.ts";
import { reconcileBot } from "./reconcile-bots.job.ts";
import {
  type BotRow,
  claimBots,
  LeaseLost,
  markAsleep,
  releaseBot,
  renewLease,
  stayAwake,
  writeBot,
} from "./table.ts";
import { boots, sharedMachines, type TestFleet, testFleet } from "./testing/test-fleet.ts";
import { sleepIdleBots } from "./sleep-idle-bots.job.ts";
import { wakeBot } from "./wake-bot.ts";

sharedMachines();

const creations = (truth: { method: string; path: string }[]): string[] =>
  truth.filter(({ method, path }) => method === "POST" && path.endsWith("/machines")).map(({ path }) => path);

const isRunning = (row: BotRow): boolean => row.status === "running";
const hasFailed = (row: BotRow): boolean => row.status === "failed";

function doorOf(fleet: TestFleet, row: BotRow) {
  const token = open(fleet.deps.config.masterKey, row.gateway_token ?? "", `bots:${row.id}:gateway_token`);
  return { botId: row.id, flyAppId: row.fly_app_id ?? "", gatewayToken: token };
}

/** "deaf", or "cron=60000": a file on the bot's disk, with what it holds. */
async function conduct(fleet: TestFleet, row: BotRow, what: string): Promise<void> {
  const [name = "", text = ""] = what.split("=");
  await writeFile(join(fleet.dataDir, "volumes", row.volume_id ?? "", name), text);
}

async function idle(fleet: TestFleet, botId: string): Promise<void> {
  await sql`update app.bots set desired = 'asleep', last_active_at = now() - interval '1 hour' where id = ${botId}`.execute(
    fleet.deps.db,
  );
}

test("a bot is born: own network, disk, machine, keys, every step shown, one mail", async (t) => {
  const fleet = await testFleet(t);
  const seen: string[] = [];
  const { botId, userId } = await fleet.ask();
  fleet.deps.events.subscribe("bot", () => {
    void fleet.row(botId).then(
      (row) => seen.push(row.step),
      () => undefined,
    ); // The row may be gone at the end.
  });
  fleet.worker();
  const row = await fleet.until(botId, isRunning);
  assert.deepEqual([row.step, row.failure_code, row.fly_app_id], ["ready", null, appName(botId)]);
  const { env } = await fleet.hello(doorOf(fleet, row));
  const key = open(fleet.deps.config.masterKey, row.model_key ?? "", `bots:${botId}:model_key`);
  assert.match(key, /^molt_[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(
    [env["MOLT_BOT_ID"], env["MOLT_MODEL_KEY"], env["MOLT_MODEL_URL"]],
    [botId, key, fleet.deps.config.models.url],
  );
  assert.equal(env["FLY_API_TOKEN"], undefined);
  const { body } = await fleet.call(`GET /apps/${row.fly_app_id}`);
  assert.equal(Reflect.get(Object(body), "network"), row.fly_app_id);
  const mails = await fleet.deps.db.selectFrom("app.mails").select(["key", "template"]).execute();
  assert.deepEqual(mails, [{ key: `bot-ready/${botId}`, template: "bot-ready" }]);
  assert.ok(seen.includes("boot"), `the app saw only ${seen.join(" ")}`);
  assert.equal(row.user_id, userId);
});

test("asking again while it runs changes nothing", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId, userId } = await fleet.ask();
  const before = await fleet.until(botId, isRunning);
  await fleet.deps.db
    .updateTable("app.users")
    .set({ subscription_status: "active" })
    .where("id", "=", userId)
    .execute();
  const view = await provisionBot(fleet.deps, userId);
  assert.deepEqual([view.id, view.status], [botId, "running"]);
  const after = await fleet.row(botId);
  assert.deepEqual([after.boot_id, after.gateway_token], [before.boot_id, before.gateway_token]);
  assert.equal(creations(await fleet.truth()).length, 1);
});

test("without a subscription there is no bot", async (t) => {
  const fleet = await testFleet(t);
  const { userId } = await fleet.ask();
  await assert.rejects(provisionBot(fleet.deps, userId), { code: "no_subscription" });
});

test("F34 a name that is ours already is adopted, a stranger's is passed over", async (t) => {
  const fleet = await testFleet(t);
  const mine = await fleet.ask();
  await fleet.call("POST /apps", {
    app_name: appName(mine.botId),
    org_slug: "molt",
    network: appName(mine.botId),
  });
  const theirs = await fleet.ask();
  await fleet.call("POST /__control/foreign-apps", { name: appName(theirs.botId) });
  fleet.worker();
  assert.equal((await fleet.until(mine.botId, isRunning)).fly_app_id, appName(mine.botId));
  assert.equal((await fleet.until(theirs.botId, isRunning)).fly_app_id, `${appName(theirs.botId)}-2`);
});

test("F35 every answer to a creation is lost once, and yet there is one of each", async (t) => {
  const fleet = await testFleet(t);
  const lose = (path: string) => ({ method: "POST", path, loseAnswer: true, times: 1 });
  await fleet.faults({
    rules: [lose("/apps$"), lose("/ip_assignments$"), lose("/volumes$"), lose("/machines$"), lose("/start$")],
    knobs: { uniqueNames: false },
  });
  const { botId } = await fleet.ask();
  fleet.worker();
  await fleet.until(botId, isRunning);
  const truth = await fleet.truth();
  const made = truth
    .filter(({ method, path }) => method === "POST" && !path.endsWith("/start"))
    .map(({ path }) => path.replace(/molt-\w+/, "app"));
  assert.deepEqual(made.toSorted(), [
    "/v1/apps",
    "/v1/apps/app/ip_assignments",
    "/v1/apps/app/machines",
    "/v1/apps/app/volumes",
  ]);
});

test("F36 a full region is left for the next one, and its stranded disk is removed", async (t) => {
  const fleet = await testFleet(t, { env: { FLY_REGIONS: "iad,fra,nrt" } });
  const full = (status: number, body: object) => ({ status, body });
  await fleet.faults({
    rules: [
      {
        method: "POST",
        path: "/machines$",
        body: '"region":"iad"',
        answer: full(422, { error: "no room", status: "insufficient_capacity" }),
      },
      {
        method: "POST",
        path: "/machines$",
        body: '"region":"fra"',
        answer: full(412, { error: "insufficient resources to create new machine with existing volume" }),
      },
    ],
  });
  const { botId } = await fleet.ask();
  fleet.worker();
  const row = await fleet.until(botId, isRunning);
  assert.equal(row.region, "nrt");
  const { body } = await fleet.call(`GET /apps/${row.fly_app_id}/volumes`);
  assert.deepEqual(
    Object(body).map((volume: { id: string }) => volume.id),
    [row.volume_id],
  );
});

test("F36 no room anywhere ends in words a person can read, and asking again tries again", async (t) => {
  const fleet = await testFleet(t, { limits: { tries: 4 } });
  await fleet.faults({
    rules: [
      {
        method: "POST",
        path: "/machines$",
        answer: { status: 422, body: { error: "full", status: "insufficient_capacity" } },
      },
    ],
  });
  const { botId, userId } = await fleet.ask();
  fleet.worker();
  const failed = await fleet.until(botId, hasFailed);
  assert.equal(failed.failure_code, "no_capacity");
  assert.match(failed.failure_message ?? "", /no free machine/);
  await fleet.faults({});
  await fleet.deps.db
    .updateTable("app.users")
    .set({ subscription_status: "active" })
    .where("id", "=", userId)
    .execute();
  assert.equal((await provisionBot(fleet.deps, userId)).status, "provisioning");
  await fleet.until(botId, isRunning);
});

for (const { name, rule } of [
  { name: "429", rule: { answer: { status: 429, body: { error: "rate limit exceeded" } } } },
  { name: "408", rule: { answer: { status: 408, body: { error: "deadline_exceeded" } } } },
  { name: "500", rule: { answer: { status: 500, body: { error: "internal" } } } },
  { name: "502 in HTML", rule: { answer: { status: 502, text: "<html>bad gateway</html>" } } },
  { name: "a reset before the work", rule: { latencyMs: 0, loseAnswer: true } },
  { name: "409 lease held", rule: { answer: { status: 409, body: { error: "lease currently held" } } } },
  {
    name: "409 host full",
    rule: { answer: { status: 409, body: { error: "insufficient CPUs available to fulfill request" } } },
  },
  {
    name: "400 stale volume",
    rule: { path: "/machines$", answer: { status: 400, body: { error: "volume not found" } } },
  },
])
  test(`F37 a birth survives ${name} at each of its calls`, async (t) => {
    const fleet = await testFleet(t);
    const paths = "path" in rule ? [rule.path] : ["/apps$", "/ip_assignments$", "/volumes$", "/machines$"];
    await fleet.faults({ rules: paths.map((path) => ({ method: "POST", times: 1, ...rule, path })) });
    const { botId } = await fleet.ask();
    fleet.worker();
    const row = await fleet.until(botId, isRunning);
    assert.equal(row.attempts, 0);
    assert.equal(creations(await fleet.truth()).length, 1);
  });

for (const { name, instead } of [
  { name: "HTML", instead: { status: 200, text: "<html>hello</html>" } },
  { name: "an empty body", instead: { status: 200, text: "" } },
  { name: "another shape", instead: { status: 200, body: { machines: "yes" } } },
  { name: "nine megabytes", instead: { status: 200, text: "x".repeat(100_000), repeat: 90 } },
])
  test(`F38 ${name} with 200 is tried again, then a failure one can see`, async (t) => {
    const fleet = await testFleet(t, { limits: { tries: 3 } });
    await fleet.faults({ rules: [{ method: "GET", path: "/volumes$", sayInstead: instead }] });
    const { botId } = await fleet.ask();
    const worker = fleet.worker();
    const failed = await fleet.until(botId, hasFailed);
    assert.equal(failed.failure_code, "machine_host");
    await worker.stop();
    assert.deepEqual(creations(await fleet.truth()), []);
  });

test("F39 a machine whose bot never gets ready is replaced twice, then the person is told", async (t) => {
  const fleet = await testFleet(t, { limits: { bootMs: 1_500 } });
  const { botId } = await fleet.ask();
  const first = await (async () => {
    const worker = fleet.worker();
    const row = await fleet.until(botId, isRunning);
    await worker.stop();
    return row;
  })();
  await conduct(fleet, first, "deaf");
  await fleet.call(`POST /apps/${first.fly_app_id}/machines/${first.machine_id}/stop`, {});
  fleet.worker();
  const failed = await fleet.until(botId, hasFailed);
  assert.deepEqual([failed.failure_code, failed.generation, failed.replacements], ["never_ready", 3, 2]);
  assert.equal(failed.volume_id, first.volume_id, "the disk was kept through all of it");
  assert.equal(creations(await fleet.truth()).length, 3);
  const { body } = await fleet.call(`GET /apps/${first.fly_app_id}/machines`);
  assert.equal(Object(body).length, 1);
});

/** The same Fly, but at the nth call something happens once the call is done and before its answer is seen. */
function atCall(fly: Fly, nth: number, happens: () => Promise<void>): Fly {
  let calls = 0;
  return new Proxy(fly, {
    get(target, name, receiver) {
      const call: unknown = Reflect.get(target, name, receiver);
      if (typeof call !== "function") return call;
      return async (...args: unknown[]) => {
        calls += 1;
        const mine = calls === nth;
        const answer: unknown = await Reflect.apply(call, target, args);
        if (mine) await happens();
        return answer;
      };
    },
  });
}

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

test("F43 an app in the wrong network is never used", async (t) => {
  const fleet = await testFleet(t);
  const { botId } = await fleet.ask();
  await fleet.call("POST /apps", { app_name: appName(botId), org_slug: "molt" });
  fleet.worker();
  const failed = await fleet.until(botId, hasFailed);
  assert.equal(failed.failure_code, "wrong_network");
  assert.deepEqual(creations(await fleet.truth()), []);
});

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

const wish = (fleet: TestFleet, userId: string) =>
  fleet.deps.db.transaction().execute((trx) => deleteBot(fleet.deps, trx, userId));

test("a deleted bot leaves nothing behind at Fly, and here a row that leads nowhere and opens nothing", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId, userId } = await fleet.ask();
  const born = await fleet.until(botId, isRunning);
  assert.equal(await isBotRemoved(fleet.deps.db, userId), false);
  await wish(fleet, userId);
  await wish(fleet, userId);
  const revoked = await fleet.row(botId);
  assert.deepEqual([revoked.model_key, revoked.model_key_hash], [null, null], "before anything at Fly");
  const gone = await fleet.until(botId, (row) => row.status === "deleting" && row.fly_app_id === null);
  assert.deepEqual([gone.machine_id, gone.volume_id, gone.gateway_token], [null, null, null]);
  assert.equal((await fleet.call(`GET /apps/${born.fly_app_id}`)).status, 404);
  assert.equal(existsSync(join(fleet.dataDir, "volumes", born.volume_id ?? "none")), false);
  assert.equal(await isBotRemoved(fleet.deps.db, userId), true);
  assert.deepEqual(await claimBots(fleet.deps.db, 10, 1_000), [], "nobody looks at it again");
});

test("F46 a deletion that stops half-way, at whichever request, is taken up and done", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  for (const path of ["/machines/[^/]+$", "/volumes/[^/]+$", "/apps/[^/]+$"]) {
    for (const fault of [{ loseAnswer: true }, { answer: { status: 500, body: { error: "x" } } }]) {
      const { botId, userId } = await fleet.ask();
      const born = await fleet.until(botId, isRunning);
      await fleet.faults({ rules: [{ method: "DELETE", path, times: 1, ...fault }] });
      await wish(fleet, userId);
      await fleet.until(botId, (row) => row.status === "deleting" && row.fly_app_id === null);
      assert.equal((await fleet.call(`GET /apps/${born.fly_app_id}`)).status, 404, path);
      await fleet.faults({});
    }
  }
});

test("a bot that is deleted while it is being born is neither born nor left behind", async (t) => {
  const fleet = await testFleet(t);
  const { botId, userId } = await fleet.ask();
  await fleet.faults({ rules: [{ method: "POST", path: "/machines$", latencyMs: 300 }] });
  fleet.worker();
  await fleet.until(botId, (row) => row.step === "machine");
  await wish(fleet, userId);
  await fleet.until(botId, (row) => row.status === "deleting" && row.fly_app_id === null);
  assert.equal((await fleet.call(`GET /apps/${appName(botId)}`)).status, 404);
});

test("F68 twenty bots, two workers, every fifth answer lost: twenty machines, not one more", async (t) => {
  const fleet = await testFleet(t, { limits: { atOnce: 6, tries: 40 } });
  await fleet.faults({
    seed: 7,
    rules: [{ method: "POST", share: 0.2, loseAnswer: true }],
    knobs: { uniqueNames: false },
  });
  const bots = [];
  for (let n = 0; n < 20; n += 1) bots.push(await fleet.ask());
  fleet.worker();
  fleet.worker();
  for (const { botId } of bots) await fleet.until(botId, isRunning);
  const made = creations(await fleet.truth());
  assert.equal(made.length, 20);
  assert.equal(new Set(made).size, 20);
});
