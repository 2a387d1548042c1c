/** A bot is born, whatever is lost, full, foreign or nonsense on the way, and exactly once. */
import assert from "node:assert/strict";
import test from "node:test";
import { open } from "../secrets.ts";
import { appName } from "./machine-config.ts";
import { provisionBot } from "./provision-bot.ts";
import { conduct, creations, doorOf, hasFailed, isRunning } from "./testing/bots.ts";
import { sharedMachines, testFleet } from "./testing/test-fleet.ts";

sharedMachines();

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

test("F43 an app in the wrong network is never used", async (t) => {
  const fleet = await testFleet(t);
  const { botId } = await fleet.ask();
  await fleet.call("POST /apps", { app_name: appName(botId), org_slug: "molt" });
  fleet.worker();
  const failed = await fleet.until(botId, hasFailed);
  assert.equal(failed.failure_code, "wrong_network");
  assert.deepEqual(creations(await fleet.truth()), []);
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
