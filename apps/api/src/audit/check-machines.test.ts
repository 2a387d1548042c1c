/** The bots' rows against the machines host: in order, and with each kind of difference. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../clock.ts";
import { createFly } from "../fleet/fly.ts";
import { sharedMachines, type TestFleet, testFleet } from "../fleet/testing/test-fleet.ts";
import { timeLimit } from "./check.ts";
import { checkMachines, type FlyQuestion } from "./check-machines.ts";

sharedMachines();

const look = ({ deps, tools }: TestFleet, question: Partial<FlyQuestion> = {}) =>
  checkMachines(deps.db, { fly: tools.fly, environment: "local", ...timeLimit(systemClock()), ...question });

const machine = (env: string) => ({
  name: "second",
  skip_launch: true,
  config: { image: "molt-bot:test", metadata: { molt_env: env } },
});

async function withBot(t: Parameters<typeof testFleet>[0]) {
  const fleet = await testFleet(t);
  const worker = fleet.worker();
  const { botId } = await fleet.ask();
  const row = await fleet.until(botId, (one) => one.status === "running");
  await worker.stop();
  return { fleet, app: row.fly_app_id ?? "" };
}

test("I1 one machine a bot, and nothing else of ours: in order", async (t) => {
  const { fleet } = await withBot(t);
  const theirs = `molt-${"b".repeat(20)}`;
  await fleet.call("POST /apps", { app_name: theirs, org_slug: "molt", network: theirs });
  await fleet.call(`POST /apps/${theirs}/machines`, machine("prod"));
  await fleet.call("POST /apps", { app_name: "another-app", org_slug: "molt" });
  assert.deepEqual(await look(fleet), {
    id: "machines",
    invariant: "I1",
    claim: "each bot that lives has one machine, and nobody's runs",
    ok: true,
    count: 0,
    sample: [],
  });
});

test("I1 a bot with two machines, a bot without one, and a machine of no bot", async (t) => {
  const { fleet, app } = await withBot(t);
  const orphan = `molt-${"a".repeat(20)}`;
  await fleet.call("POST /apps", { app_name: orphan, org_slug: "molt", network: orphan });
  await fleet.call(`POST /apps/${orphan}/machines`, machine("local"));
  await fleet.call(`POST /apps/${app}/machines`, machine("local"));
  const kinds = async () =>
    Object.fromEntries(
      (await look(fleet)).sample.map((one) => [(one as { app: string }).app, (one as { kind: string }).kind]),
    );
  assert.deepEqual(await kinds(), { [orphan]: "of no bot", [app]: "two machines" });
  await fleet.call(`DELETE /apps/${app}?force=true`);
  assert.deepEqual(await kinds(), { [orphan]: "of no bot", [app]: "no machine" });
});

test("Fly that does not answer, or not us, is no difference: the note says so", async (t) => {
  const { fleet } = await withBot(t);
  const { url, org } = fleet.deps.config.fly;
  const ask = (settings: { url: string; token: string }) =>
    look(fleet, { fly: createFly({ ...settings, org }, systemClock()) });
  const silent = await ask({ url: "http://127.0.0.1:1", token: "x" });
  assert.deepEqual([silent.ok, silent.note], [true, "Fly does not answer: not compared"]);
  const stranger = await ask({ url, token: "somebody-else" });
  assert.deepEqual([stranger.ok, stranger.note], [true, "Fly refuses the token: not compared"]);
  const late = await look(fleet, { deadlineMs: 0 });
  assert.equal(late.ok, true);
  assert.match(late.note ?? "", /does not answer|looked at 0/);
});
