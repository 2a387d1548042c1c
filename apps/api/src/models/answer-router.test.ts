/** What a bot is told about its budget and its models, read with the code of the bot's own plugin. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { sql } from "kysely";
import { makeBot, type TestProxy, testProxy } from "./testing/proxy.ts";

interface Snapshot {
  windows: { label: string; usedPercent: number; resetAt: number }[];
  billing: { used: number; limit: number; period: string }[];
  summary: string;
  plan: string;
}
interface Plugin {
  fetchClawRouterUsage(ask: { token: string; baseUrl: string; timeoutMs: number }): Promise<Snapshot>;
  buildClawRouterProviderConfig(ask: {
    apiKey: string;
    discoveryApiKey: string;
    baseUrl: string;
  }): Promise<{ models: { id: string; api: string; baseUrl: string; cost: Record<string, number> }[] }>;
}

/** The plugin of the OpenClaw that bots run. */
async function plugin(): Promise<Plugin> {
  const main = createRequire(new URL("../../../../bot/package.json", import.meta.url)).resolve("openclaw");
  const load = (file: string) =>
    import(pathToFileURL(join(dirname(main), "extensions/clawrouter", file)).href) as Promise<object>;
  // Not typed by the package: the shapes above are what the tests hold it to.
  return { ...(await load("usage.js")), ...(await load("provider-catalog.js")) } as Plugin;
}

const bearer = ({ bot }: TestProxy) => ({ authorization: `Bearer ${bot.key}` });
const nextMonth = () => Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1, 1);

async function ask(at: TestProxy, path: string): Promise<unknown> {
  const answer = await at.call(path, undefined, { headers: bearer(at) });
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text);
}

test("a bot's own plugin reads what is left of the month, running calls included", async (t) => {
  const at = await testProxy(t);
  const { deps, bot, proxy } = at;
  const said = { model: "molt-demo-1", max_tokens: 100, messages: [{ role: "user", content: "Hello" }] };
  assert.equal((await at.call("/v1/messages", said)).status, 200);
  const [row] = await at.settledRows(1);
  assert.ok(row);
  // A call that still runs: its reservation counts, its cost is not known yet.
  await sql`update app.model_budgets set month_cap_picos = 10000000000000, month_picos = 2500000000000
    where bot_id = ${bot.id}`.execute(deps.db);

  const { fetchClawRouterUsage } = await plugin();
  const seen = await fetchClawRouterUsage({ token: bot.key, baseUrl: `${proxy.url}/v1`, timeoutMs: 5_000 });
  assert.deepEqual(seen.windows, [{ label: "Monthly budget", usedPercent: 25, resetAt: nextMonth() }]);
  assert.deepEqual(
    seen.billing.map(({ used, limit, period }) => [used, limit, period]),
    [[2.5, 10, "month"]],
  );
  assert.equal(seen.plan, "Managed monthly budget");
  const cost = (Number((row.cost_picos + 999_999n) / 1_000_000n) / 1e6).toFixed(4);
  assert.equal(seen.summary, `1 requests · ${row.tokens_in + row.tokens_out} tokens · $${cost} used`);
});

test("amounts are rounded so that there is never more left than there is", async (t) => {
  const at = await testProxy(t);
  await ask(at, "/v1/usage");
  await sql`update app.model_budgets set month_cap_picos = 1999999, month_picos = 1`.execute(at.deps.db);
  const { budget } = (await ask(at, "/v1/usage")) as { budget: Record<string, unknown> };
  const month = new Date().toISOString().slice(0, 7);
  assert.deepEqual(budget, {
    configured: true,
    limitMicros: 1,
    spentMicros: 1,
    windowKey: `${at.bot.id}/${month}`,
  });
});

test("a bot that never asked anything has the caps it starts with, and last month's spending is over", async (t) => {
  const at = await testProxy(t);
  const spent = async () => ((await ask(at, "/v1/usage")) as { budget: Record<string, unknown> }).budget;
  assert.deepEqual([(await spent())["limitMicros"], (await spent())["spentMicros"]], [100_000_000, 0]);
  await sql`update app.model_budgets set month = month - interval '1 month', month_picos = 5000000`.execute(
    at.deps.db,
  );
  assert.equal((await spent())["spentMicros"], 0);
});

test("a bot sees its own figures alone, and nobody without a key sees any", async (t) => {
  const at = await testProxy(t);
  const other = await makeBot(at.deps);
  await ask(at, "/v1/usage");
  await sql`update app.model_budgets set month_picos = 7000000`.execute(at.deps.db);
  const answer = await at.call("/v1/usage", undefined, { key: other.key });
  assert.equal((JSON.parse(answer.text) as { budget: { spentMicros: number } }).budget.spentMicros, 0);
  for (const path of ["/v1/usage", "/v1/catalog"])
    assert.equal((await at.call(path, undefined, { key: `molt_${"A".repeat(43)}` })).status, 401, path);
  assert.equal((await at.call("/v1/usage", {})).status, 404, "nothing can be written there");
});

test("the catalog lists each priced model once, and the plugin's addresses lead to the same proxy", async (t) => {
  const prices = { qwen3: { input: 1, output: 2, contextWindow: 32_768 } };
  const at = await testProxy(t, {
    env: {
      OPENAI_COMPATIBLE_BASE_URL: "http://127.0.0.1:1/v1",
      OPENAI_COMPATIBLE_MODEL: "qwen3",
      MOLT_MODEL_PRICES: JSON.stringify(prices),
    },
  });
  const { buildClawRouterProviderConfig } = await plugin();
  const { models } = await buildClawRouterProviderConfig({
    apiKey: at.bot.key,
    discoveryApiKey: at.bot.key,
    baseUrl: at.proxy.url,
  });
  const ids = models.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const byId = new Map(models.map((model) => [model.id, model]));
  assert.deepEqual(byId.get("qwen3")?.cost, { input: 1, output: 2, cacheRead: 1, cacheWrite: 1 });
  assert.equal(byId.get("qwen3")?.api, "openai-completions");
  const demo = byId.get("molt-demo-1");
  assert.equal(demo?.api, "anthropic-messages");
  assert.equal(demo?.baseUrl, `${at.proxy.url}/v1/native/demo`);
  const path = `${new URL(demo.baseUrl).pathname}/v1/messages`;
  const said = { model: "molt-demo-1", max_tokens: 100, messages: [{ role: "user", content: "Hello" }] };
  assert.equal((await at.call(path, said)).status, 200);
  assert.equal((await at.settledRows(1))[0]?.model, "molt-demo-1");
  const listed = (await ask(at, "/v1/models")) as { data: { id: string }[] };
  assert.deepEqual(listed.data.map(({ id }) => id).toSorted(), ids.toSorted());
});
