/** F102: a bot's key is worth nothing outside its machine, where the platform can tell. */
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ConfigError } from "../config.ts";
import { sql } from "kysely";
import { manualClock, testDeps } from "../testing/deps.ts";
import { Gate } from "./admit-bot.ts";
import { openKeyring } from "./authenticate-bot.ts";
import { readFlySrcKey, verifyFlySrc } from "./fly-src.ts";
import { makeBot, testProxy } from "./testing/proxy.ts";

const NOW = new Date("2026-11-22T12:00:00Z");
const ts = Math.floor(NOW.getTime() / 1000);

function keyPair() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  // The last 32 bytes of the SubjectPublicKeyInfo are the key itself.
  const hex = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
  return { hex, privateKey };
}

function signed(privateKey: KeyObject, value: string): { "fly-src": string; "fly-src-signature": string } {
  return {
    "fly-src": value,
    "fly-src-signature": sign(null, Buffer.from(value), privateKey).toString("base64"),
  };
}

const from = (app: string, instance: string, at: number) =>
  `instance=${instance};app=${app};org=molt;ts=${at}`;

test("F102 what Fly's proxy signed is believed for half a minute, and nothing else", () => {
  const { hex, privateKey } = keyPair();
  const key = readFlySrcKey(`${hex}\n`);
  const good = signed(privateKey, from("molt-1", "148ed", ts));
  assert.deepEqual(verifyFlySrc(good, key, NOW), { app: "molt-1", machineId: "148ed" });
  const forged = signed(keyPair().privateKey, good["fly-src"]);
  const late = signed(privateKey, from("molt-1", "148ed", ts - 31));
  const early = signed(privateKey, from("molt-1", "148ed", ts + 31));
  const changed = { ...good, "fly-src": from("molt-2", "148ed", ts) };
  const nonsense = [
    "",
    "x",
    "app=molt-1",
    `instance=;app=a;ts=${ts}`,
    "instance=a;app=b;ts=soon",
    "instance=a;app=b",
  ];
  for (const headers of [
    {},
    { "fly-src": good["fly-src"] },
    { ...good, "fly-src-signature": "" },
    { ...good, "fly-src-signature": "not base64 at all!" },
    forged,
    late,
    early,
    changed,
    ...nonsense.map((value) => signed(privateKey, value)),
  ])
    assert.equal(verifyFlySrc(headers, key, NOW), undefined, JSON.stringify(headers));
});

const hello = { model: "claude-sonnet-5", max_tokens: 10, messages: [{ role: "user", content: "hi" }] };

test("F102 a stolen key used from elsewhere is refused, whatever it says of itself", async (t) => {
  const { hex, privateKey } = keyPair();
  const proxy = await testProxy(t, { config: { MOLT_FLY_SRC_KEY: hex } });
  await proxy.deps.db
    .updateTable("app.bots")
    .set({ fly_app_id: "molt-1", machine_id: "148ed" })
    .where("id", "=", proxy.bot.id)
    .execute();
  const seconds = () => Math.floor(proxy.deps.clock.now().getTime() / 1000);
  const call = (headers: Record<string, string>) => proxy.call("/v1/messages", hello, { headers });
  const home = () => signed(privateKey, from("molt-1", "148ed", seconds()));
  assert.equal((await call(home())).status, 200);
  for (const headers of [
    {},
    signed(keyPair().privateKey, from("molt-1", "148ed", seconds())),
    signed(privateKey, from("molt-2", "999", seconds())),
    signed(privateKey, from("molt-1", "999", seconds())),
    signed(privateKey, from("molt-1", "148ed", seconds() - 60)),
  ]) {
    const refused = await call(headers);
    assert.equal(refused.status, 401);
    assert.equal(JSON.parse(refused.text).error.type, "authentication_error");
    assert.ok(!refused.text.includes(proxy.bot.key));
  }
  assert.equal((await proxy.truth()).length, 1, "nothing else reached the provider");
  await proxy.deps.db.updateTable("app.bots").set({ machine_id: "new" }).execute();
  assert.equal(
    (await call(signed(privateKey, from("molt-1", "new", seconds())))).status,
    200,
    "its new machine",
  );
});

test("F102 I11 a key that is taken away is dead within five seconds, even if no event says so", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  const bot = await makeBot(deps);
  const keyring = openKeyring(deps);
  t.after(() => keyring.close());
  assert.equal((await keyring.find(bot.key))?.botId, bot.id);
  await deps.db.updateTable("app.bots").set({ model_key_hash: null }).execute();
  assert.equal((await keyring.find(bot.key))?.botId, bot.id, "it is remembered, which this test is about");
  clock.advance(5_000);
  assert.equal(await keyring.find(bot.key), undefined);
});

test("F102 the key before the present one is good until its time is over", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  const bot = await makeBot(deps);
  const keyring = openKeyring(deps);
  t.after(() => keyring.close());
  const until = (seconds: number) =>
    sql`update app.bots set previous_key_hash = ${createHash("sha256").update(bot.key).digest()},
    previous_key_until = now() + ${seconds} * interval '1 second', model_key_hash = null`.execute(deps.db);
  await until(60);
  assert.equal((await keyring.find(bot.key))?.botId, bot.id);
  await until(-1);
  clock.advance(5_000);
  assert.equal(await keyring.find(bot.key), undefined);
});

async function opened(t: TestContext, setting: string): Promise<void> {
  const gate = await Gate.open(await testDeps(t, { env: { MOLT_FLY_SRC_KEY: setting } }));
  gate.close();
}

test("Fly's public key is taken as it is or from its file, and half a key stops the start", async (t) => {
  const { hex } = keyPair();
  const folder = await mkdtemp(join(tmpdir(), "fly-src-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "fly-src.pub"), `${hex}\n`);
  await opened(t, hex);
  await opened(t, join(folder, "fly-src.pub"));
  for (const setting of [hex.slice(2), join(folder, "missing")])
    await assert.rejects(
      opened(t, setting),
      (error) => error instanceof ConfigError && /MOLT_FLY_SRC_KEY/.test(error.message),
    );
});
