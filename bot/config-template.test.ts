import assert from "node:assert/strict";
import { test } from "node:test";
import { botFolders, gatewayEnv, renderConfig } from "./config-template.ts";
import { isRecord, readSettings } from "./settings.ts";
import { goodEnv } from "./testing/settings.ts";

const settings = readSettings(goodEnv);

/** The value at a dotted path, or undefined. */
function at(tree: unknown, dotted: string): unknown {
  return dotted
    .split(".")
    .reduce<unknown>(
      (node, key) => (isRecord(node) || Array.isArray(node) ? Reflect.get(node, key) : undefined),
      tree,
    );
}

function stringsIn(node: unknown): string[] {
  if (typeof node === "string") return [node];
  if (Array.isArray(node)) return node.flatMap(stringsIn);
  return isRecord(node) ? Object.values(node).flatMap(stringsIn) : [];
}

test("the same settings give the same configuration", () => {
  assert.deepEqual(renderConfig(settings), renderConfig(readSettings(goodEnv)));
});

test("a bot's configuration holds its own two secrets and no provider key", () => {
  const withProviders = { ...goodEnv, ANTHROPIC_API_KEY: "sk-ant-provider", OPENAI_API_KEY: "sk-provider" };
  const words = stringsIn(renderConfig(readSettings(withProviders)));
  assert.equal(words.filter((word) => word.includes("sk-")).length, 0);
  assert.equal(words.filter((word) => word === goodEnv.MOLT_GATEWAY_TOKEN).length, 1);
  assert.equal(words.filter((word) => word === goodEnv.MOLT_MODEL_KEY).length, 1);
});

test("the only models a bot knows are ours, at our address", () => {
  const config = renderConfig(settings);
  assert.equal(at(config, "models.mode"), "replace");
  assert.deepEqual(Object.keys(at(config, "models.providers") as object), ["clawrouter"]);
  assert.equal(at(config, "models.providers.clawrouter.baseUrl"), "http://127.0.0.1:4708");
  assert.equal(at(config, "models.providers.clawrouter.models.0.baseUrl"), "http://127.0.0.1:4708");
  assert.deepEqual(at(config, "models.providers.clawrouter.headers"), {
    "x-molt-bot": goodEnv.MOLT_BOT_ID,
    "fly-src-optin": "*",
  });
  assert.equal(at(config, "agents.defaults.model.primary"), "clawrouter/molt-1");
  assert.deepEqual(at(config, "plugins.allow"), ["memory-core", "clawrouter"]);
});

for (const api of ["openai-completions", "openai-responses"])
  test(`an ${api} model gets the address with /v1`, () => {
    const model = goodEnv.MOLT_MODEL?.replace("anthropic-messages", api);
    const config = renderConfig(readSettings({ ...goodEnv, MOLT_MODEL: model }));
    assert.equal(at(config, "models.providers.clawrouter.models.0.baseUrl"), "http://127.0.0.1:4708/v1");
  });

test("nothing in a bot calls a model while nobody is there", () => {
  const config = renderConfig(settings);
  assert.equal(at(config, "agents.defaults.heartbeat.every"), "0m");
  assert.equal(at(config, "plugins.entries.memory-core.config.dreaming.enabled"), false);
  assert.equal(at(config, "skills.workshop.autonomous.mode"), "off");
  assert.equal(at(config, "cron.enabled"), true, "the user's reminders still work");
});

test("F87 no chat command can change a bot's configuration or version", () => {
  const config = renderConfig(settings);
  for (const command of ["restart", "config", "mcp", "plugins", "debug", "bash"])
    assert.equal(at(config, `commands.${command}`), false, command);
  assert.equal(at(config, "security.installPolicy.enabled"), true);
  assert.deepEqual(at(config, "tools.deny"), ["computer", "openclaw"]);
});

test("the gateway listens on loopback, and everything it writes lies on the volume", () => {
  const config = renderConfig(settings);
  assert.equal(at(config, "gateway.bind"), "loopback");
  assert.equal(at(config, "gateway.controlUi.enabled"), false);
  const folders = botFolders("/data");
  assert.equal(at(config, "agents.defaults.workspace"), folders.workspace);
  assert.equal(at(config, "logging.file"), "/data/openclaw/logs/gateway.log");
  for (const folder of Object.values(folders)) assert.ok(folder.startsWith("/data/"));
});

test("the gateway's environment holds nothing of ours that its shell could print", () => {
  const env = gatewayEnv(settings, "/usr/bin/node");
  const secrets = [goodEnv.MOLT_GATEWAY_TOKEN, goodEnv.MOLT_MODEL_KEY];
  assert.equal(Object.values(env).filter((value) => secrets.includes(value)).length, 0);
  assert.equal(
    Object.keys(env).filter((name) => name.startsWith("MOLT_") || name.startsWith("FLY_")).length,
    0,
  );
  assert.equal(env.OPENCLAW_NO_AUTO_UPDATE, "1");
  assert.equal(env.HOME, "/data/home");
});
