/** A new key for a bot, as the operator asks for it and the reconciler delivers it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { sql } from "kysely";
import { openKeyring } from "../models/authenticate-bot.ts";
import { open } from "../secrets.ts";
import { rotateKey } from "./rotate-key.ts";
import { modelKeyPlace } from "./secret-places.ts";
import type { BotRow } from "./table.ts";
import { sharedMachines, type TestFleet, testFleet } from "./testing/test-fleet.ts";
import { wakeBot } from "./wake-bot.ts";

sharedMachines();

const isRunning = (row: BotRow): boolean => row.status === "running";
const isAsleep = (row: BotRow): boolean => row.status === "asleep";

function keyOf({ deps }: TestFleet, row: BotRow): string {
  return open(deps.config.masterKey, row.model_key ?? "", modelKeyPlace(row.id));
}

/** The key that the bot's own process was told. */
async function toldKey(fleet: TestFleet, row: BotRow): Promise<string | undefined> {
  const gatewayToken = open(
    fleet.deps.config.masterKey,
    row.gateway_token ?? "",
    `bots:${row.id}:gateway_token`,
  );
  const { env } = await fleet.hello({ botId: row.id, flyAppId: row.fly_app_id ?? "", gatewayToken });
  return env["MOLT_MODEL_KEY"];
}

const sleep = ({ deps }: TestFleet, botId: string) =>
  sql`update app.bots set desired = 'asleep', last_active_at = now() - interval '1 hour' where id = ${botId}`.execute(
    deps.db,
  );

test("a new key comes with the next wake, the old one ends when the bot is seen with the new", async (t) => {
  const fleet = await testFleet(t);
  const { botId } = await fleet.ask();
  fleet.worker();
  const before = await fleet.until(botId, isRunning);
  const oldKey = keyOf(fleet, before);
  const keyring = openKeyring(fleet.deps);
  t.after(() => keyring.close());
  assert.equal(await rotateKey(fleet.deps, botId, { atOnce: false }), true);
  await sleep(fleet, botId);
  await fleet.until(botId, isAsleep);
  assert.equal((await fleet.row(botId)).model_key, before.model_key, "asleep, nothing has changed");
  assert.equal((await keyring.find(oldKey))?.botId, botId);
  await fleet.deps.db.transaction().execute((trx) => wakeBot(fleet.deps, trx, botId));
  const after = await fleet.until(botId, (row) => isRunning(row) && row.renew_machine_by === null);
  const newKey = keyOf(fleet, after);
  assert.notEqual(newKey, oldKey);
  assert.equal(await toldKey(fleet, after), newKey);
  assert.deepEqual(
    [after.generation, after.volume_id, after.replacements],
    [before.generation + 1, before.volume_id, 0],
    "another machine on the same disk",
  );
  assert.deepEqual(after.previous_key_hash, createHash("sha256").update(oldKey).digest());
  assert.equal((await keyring.find(oldKey, "afresh"))?.botId, botId, "both are good");
  assert.equal((await keyring.find(newKey))?.botId, botId);
  assert.equal(await keyring.find(oldKey, "afresh"), undefined, "the old one has ended");
});

test("F102 a key in the wrong hands is dead at once, and the bot gets another without being asked", async (t) => {
  const fleet = await testFleet(t);
  const { botId } = await fleet.ask();
  fleet.worker();
  const before = await fleet.until(botId, isRunning);
  const keyring = openKeyring(fleet.deps);
  t.after(() => keyring.close());
  assert.ok(await keyring.find(keyOf(fleet, before)));
  await rotateKey(fleet.deps, botId, { atOnce: true });
  assert.equal(await keyring.find(keyOf(fleet, before), "afresh"), undefined);
  const after = await fleet.until(
    botId,
    (row) => isRunning(row) && row.renew_machine_by === null && row.generation > before.generation,
  );
  assert.equal(await toldKey(fleet, after), keyOf(fleet, after));
  assert.notEqual(keyOf(fleet, after), keyOf(fleet, before));
  assert.equal((await keyring.find(keyOf(fleet, after)))?.botId, botId);
});

test("a worker that dies in the middle of a renewal is followed by one that ends it", async (t) => {
  const fleet = await testFleet(t);
  const { botId } = await fleet.ask();
  const first = fleet.worker();
  const before = await fleet.until(botId, isRunning);
  await first.stop();
  // As after the first write of a renewal: the machine is out of date, and still runs.
  await sql`update app.bots set generation = generation + 1, machine_id = null, renew_machine_by = now(),
    status = 'waking', step = 'machine', next_attempt_at = now() where id = ${botId}`.execute(fleet.deps.db);
  fleet.worker();
  const after = await fleet.until(botId, isRunning);
  assert.notEqual(after.machine_id, before.machine_id);
  assert.equal(after.renew_machine_by, null);
  assert.equal(await toldKey(fleet, after), keyOf(fleet, after));
});

test("nobody's bot has no key to rotate", async (t) => {
  const fleet = await testFleet(t);
  assert.equal(await rotateKey(fleet.deps, crypto.randomUUID(), { atOnce: true }), false);
});
