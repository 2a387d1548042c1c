/** A deleted bot is gone at Fly and opens nothing here, also when its deletion stops half-way. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { deleteBot, isBotRemoved } from "./delete-bot.ts";
import { appName } from "./machine-config.ts";
import { claimBots } from "./table.ts";
import { isRunning } from "./testing/bots.ts";
import { sharedMachines, type TestFleet, testFleet } from "./testing/test-fleet.ts";

sharedMachines();

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
