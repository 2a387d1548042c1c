import assert from "node:assert/strict";
import test from "node:test";
import { sql } from "kysely";
import { manualClock } from "../testing/deps.ts";
import { type Sweep, sweepOrphans } from "./sweep-orphans.job.ts";
import { sharedMachines, type TestFleet, testFleet } from "./testing/test-fleet.ts";

sharedMachines();

const minute = 60_000;
const never = AbortSignal.timeout(600_000);

function sweepOf(fleet: TestFleet): Sweep & { advance(ms: number): void } {
  const clock = manualClock();
  const limits = { quarantineMs: 10 * minute, most: 3, share: 0.05 };
  return {
    deps: { ...fleet.deps, clock },
    fly: fleet.tools.fly,
    firstSeen: new Map(),
    limits,
    advance: (ms) => clock.advance(ms),
  };
}

async function appNames(fleet: TestFleet): Promise<string[]> {
  return (await fleet.tools.fly.listApps(never))
    .map((app) => app.name)
    .toSorted((a, b) => a.localeCompare(b));
}

/** An app with a machine, as a bot's life leaves it behind. */
async function abandon(fleet: TestFleet, digit: string, environment: string): Promise<string> {
  const name = `molt-${digit.repeat(20)}`;
  await fleet.call("POST /apps", { app_name: name, org_slug: "molt", network: name });
  const metadata = {
    molt_bot: `${digit.repeat(8)}-0000-4000-8000-000000000000`,
    molt_env: environment,
    molt_gen: "1",
  };
  const { status } = await fleet.call(`POST /apps/${name}/machines`, {
    name: "bot",
    skip_launch: true,
    config: { image: "molt-bot:test", metadata },
  });
  assert.equal(status, 200);
  return name;
}

test("F44 what belongs to no bot is removed after ten minutes, and only what says that it is ours", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId } = await fleet.ask();
  const kept = await fleet.until(botId, (row) => row.status === "running");
  await abandon(fleet, "a", "local");
  const foreign = await abandon(fleet, "b", "prod");
  await fleet.call("POST /apps", { app_name: "another-app", org_slug: "molt" });
  const sweep = sweepOf(fleet);
  assert.equal(await sweepOrphans(sweep, never), "");
  sweep.advance(9 * minute);
  assert.equal(await sweepOrphans(sweep, never), "");
  sweep.advance(2 * minute);
  assert.match(await sweepOrphans(sweep, never), /removed 1/);
  assert.deepEqual(
    await appNames(fleet),
    ["another-app", foreign, kept.fly_app_id ?? ""].toSorted((a, b) => a.localeCompare(b)),
  );
});

test("F44 a user deleted at the sign-in service leaves no machine running for ever", async (t) => {
  const fleet = await testFleet(t);
  fleet.worker();
  const { botId, userId } = await fleet.ask();
  const { fly_app_id: app } = await fleet.until(botId, (row) => row.status === "running");
  await sql`delete from auth.users where id = ${userId}`.execute(fleet.deps.db);
  const sweep = sweepOf(fleet);
  await sweepOrphans(sweep, never);
  assert.deepEqual(await appNames(fleet), [app]);
  sweep.advance(11 * minute);
  assert.match(await sweepOrphans(sweep, never), /removed 1/);
  assert.deepEqual(await appNames(fleet), []);
});

test("F45 few at a time, none on a failed or an empty list, none at all without a single bot of ours", async (t) => {
  const fleet = await testFleet(t);
  const orphans = [];
  for (const digit of "abcdef") orphans.push(await abandon(fleet, digit, "local"));
  const sweep = sweepOf(fleet);
  await sweepOrphans(sweep, never);
  sweep.advance(11 * minute);
  assert.equal(await sweepOrphans(sweep, never), "", "many orphans and no bot: the wrong database");
  const { botId } = await fleet.ask();
  await fleet.deps.db
    .updateTable("app.bots")
    .set({ fly_app_id: "molt-00000000000000000000" })
    .where("id", "=", botId)
    .execute();
  await fleet.faults({
    rules: [{ method: "GET", path: "/apps$", sayInstead: { status: 200, body: [] }, times: 1 }],
  });
  await assert.rejects(sweepOrphans(sweep, never), { name: "FlyError", kind: "bad_answer" });
  await fleet.faults({
    rules: [{ method: "GET", path: "/apps$", answer: { status: 500, body: { error: "x" } } }],
  });
  await assert.rejects(sweepOrphans(sweep, never), { name: "FlyError", kind: "transient" });
  await fleet.faults({});
  assert.equal((await appNames(fleet)).length, 6);
  assert.match(await sweepOrphans(sweep, never), /removed 1 of 6/);
  assert.equal((await appNames(fleet)).length, 5);
});
