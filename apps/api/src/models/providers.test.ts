import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../config.ts";
import { findRoutes } from "./find-routes.ts";
import { defaultBotModel, readProviders } from "./providers.ts";

const demo = { MOLT_DEMO_MODEL_URL: "http://127.0.0.1:4707" };
const day = "2026-11-22";

test("without a key the bot runs on the demo model", () => {
  const model = defaultBotModel(demo);
  assert.deepEqual(
    [model.id, model.api, model.contextWindow],
    ["molt-demo-1", "anthropic-messages", 200_000],
  );
  assert.deepEqual(model.cost, { input: 0.25, output: 1.25, cacheRead: 0.025, cacheWrite: 0.3125 });
});

test("a key changes what a new bot runs on, and MOLT_BOT_MODEL has the last word", () => {
  assert.equal(defaultBotModel({ ...demo, ANTHROPIC_API_KEY: "a" }).id, "claude-sonnet-5");
  assert.equal(defaultBotModel({ ...demo, OPENAI_API_KEY: "a" }).api, "openai-responses");
  assert.equal(defaultBotModel({ OPENROUTER_API_KEY: "a" }).id, "anthropic/claude-sonnet-5");
  const own = defaultBotModel({ ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "b", MOLT_BOT_MODEL: "gpt-5-mini" });
  assert.deepEqual([own.id, own.api], ["gpt-5-mini", "openai-responses"]);
  assert.throws(() => defaultBotModel({ ...demo, MOLT_BOT_MODEL: "gpt-99" }), ConfigError);
  assert.throws(() => defaultBotModel({}), ConfigError);
});

test("every key of a provider is a way of its own, and a model goes only to who prices it", () => {
  const providers = readProviders({ ...demo, ANTHROPIC_API_KEY: "a, b", OPENAI_API_KEY: "c" });
  const keys = (api: "anthropic-messages" | "openai-responses", model: string) =>
    findRoutes(providers, { api, model, day }).map((route) => route.key);
  assert.deepEqual(keys("anthropic-messages", "claude-sonnet-5"), ["a", "b"]);
  assert.deepEqual(keys("openai-responses", "gpt-5"), ["c"]);
  assert.deepEqual(keys("openai-responses", "claude-sonnet-5"), []);
  assert.deepEqual(keys("anthropic-messages", "molt-demo-1"), ["demo"]);
  assert.deepEqual(keys("anthropic-messages", "claude-unknown"), []);
});

test("the operator's price of a model holds under every name of it", () => {
  const prices = '{"claude-sonnet-5":{"input":30,"output":150,"contextWindow":200000}}';
  const [provider] = readProviders({ ANTHROPIC_API_KEY: "a", MOLT_MODEL_PRICES: prices });
  for (const name of ["claude-sonnet-5", "claude-sonnet-5-20260901", "claude-sonnet-5-latest"])
    assert.equal(provider?.price(name, day)?.input, 30_000_000, name);
});

test("a model of one's own needs a price, and zero is one", () => {
  const base = { OPENAI_COMPATIBLE_BASE_URL: "http://127.0.0.1:11434/v1" };
  assert.throws(() => readProviders(base), /OPENAI_COMPATIBLE_MODEL/);
  const named = { ...base, OPENAI_COMPATIBLE_MODEL: "qwen3" };
  assert.throws(() => readProviders(named), /MOLT_MODEL_PRICES/);
  const prices = '{"qwen3":{"input":0,"output":0.5,"contextWindow":32768}}';
  const [provider] = readProviders({ ...named, MOLT_MODEL_PRICES: prices });
  const price = provider?.price("qwen3", day);
  assert.deepEqual([price?.input, price?.output, price?.contextWindow], [0, 500_000, 32_768]);
  assert.throws(() => readProviders({ ...named, MOLT_MODEL_PRICES: "{" }), /not valid JSON/);
  assert.throws(
    () => readProviders({ ...named, MOLT_MODEL_PRICES: '{"qwen3":{"input":-1}}' }),
    /qwen3\.input/,
  );
});
