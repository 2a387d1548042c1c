import assert from "node:assert/strict";
import { test } from "node:test";
import { readSettings, SettingsError } from "./settings.ts";
import { goodEnv } from "./testing/settings.ts";

test("a machine outside Fly opens its door on loopback only", () => {
  const settings = readSettings(goodEnv);
  assert.deepEqual([settings.doorHost, settings.doorPort, settings.gatewayPort], ["127.0.0.1", 8080, 18_789]);
  assert.equal(settings.compileCacheDir, "/data/compile-cache");
});

test("a machine at Fly opens its door on its private network", () => {
  assert.equal(readSettings({ ...goodEnv, FLY_PRIVATE_IP: "fdaa::3" }).doorHost, "::");
  assert.equal(readSettings({ ...goodEnv, FLY_PRIVATE_IP: "127.0.0.1" }).doorHost, "127.0.0.1");
  assert.equal(
    readSettings({ ...goodEnv, FLY_PRIVATE_IP: "fdaa::3", DOOR_HOST: "127.0.0.1" }).doorHost,
    "127.0.0.1",
  );
});

test("a wrong environment names every wrong variable at once", () => {
  assert.throws(
    () =>
      readSettings({ ...goodEnv, MOLT_BOT_ID: "", DOOR_PORT: "99999", MOUNT_DATA: "data", TZ: "Moon/Base" }),
    (error) =>
      error instanceof SettingsError &&
      ["MOLT_BOT_ID is missing", "DOOR_PORT must be", "MOUNT_DATA must be", "TZ "].every((words) =>
        error.message.includes(words),
      ),
  );
});

test("an error about a secret does not quote the secret", () => {
  assert.throws(
    () => readSettings({ ...goodEnv, MOLT_GATEWAY_TOKEN: "short-tok" }),
    (error) => error instanceof SettingsError && !error.message.includes("short-tok"),
  );
});

for (const [name, model, words] of [
  ["no JSON", "{", "MOLT_MODEL"],
  ["a list", "[]", "must be a JSON object"],
  ["an unknown api", JSON.stringify({ id: "a", name: "a", api: "telnet" }), ".api must be one of"],
  ["a broken number of tokens", goodEnv.MOLT_MODEL?.replace("200000", "1.5"), ".contextWindow must be"],
  ["a price below nothing", goodEnv.MOLT_MODEL?.replace('"input":3', '"input":-3'), ".cost.input must be"],
] as const)
  test(`a model that is ${name} stops the start with the field's name`, () => {
    assert.throws(
      () => readSettings({ ...goodEnv, MOLT_MODEL: model }),
      (error) => error instanceof SettingsError && error.message.includes(words),
    );
  });

for (const address of ["ftp://x", "http://user:pass@host/", "http://host/?key=1", "nonsense"])
  test(`the model address ${address} is refused`, () => {
    assert.throws(() => readSettings({ ...goodEnv, MOLT_MODEL_URL: address }), SettingsError);
  });
