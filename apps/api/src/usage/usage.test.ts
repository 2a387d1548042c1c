/** GET and POST /usage through the server, as the app and a bot see them. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { makeBot } from "../models/testing/proxy.ts";
import { sql } from "kysely";
import { AppError } from "../errors.ts";
import { testDeps } from "../testing/deps.ts";
import { authenticateBot } from "../models/authenticate-bot.ts";
import { readUsage } from "./read-usage.ts";
import { storeClaim } from "./store-claim.ts";

async function settledCall(
  deps: Awaited<ReturnType<typeof testDeps>>,
  botId: string,
  model: string,
): Promise<void> {
  const { rows } = await sql<{
    id: string;
  }>`insert into app.usage_logs (bot_id, model, state, cause, provider, reserved_picos, price_version)
    values (${botId}, ${model}, 'reserved', 'chat', 'demo', 0, 'test') returning id`.execute(deps.db);
  const call = {
    id: rows[0]?.id,
    state: "settled",
    tokens_in: 130,
    tokens_out: 7,
    cache_read_tokens: 20,
    cache_write_tokens: 5,
  };
  const rest = { cache_write_1h_tokens: 5, reasoning_tokens: 0, cost_picos: "1000000001", http_status: 200 };
  await sql`select app.settle_calls(${JSON.stringify([{ ...call, ...rest }])}::jsonb)`.execute(deps.db);
}

test("a month adds up over days, models and causes, and the charge is the cost times 1.2", async (t) => {
  const deps = await testDeps(t);
  const bot = await makeBot(deps);
  for (const model of ["a", "a", "b"]) await settledCall(deps, bot.id, model);
  const usage = await readUsage(deps, bot.userId);
  assert.deepEqual(usage.total, {
    calls: 3,
    tokensIn: 390,
    tokensOut: 21,
    costPicos: "3000000003",
    chargePicos: "3600000004",
  });
  assert.deepEqual(
    usage.byModel.map(({ model, calls }) => [model, calls]),
    [
      ["a", 2],
      ["b", 1],
    ],
  );
  assert.deepEqual(
    usage.byCause.map(({ cause, calls }) => [cause, calls]),
    [["chat", 3]],
  );
  assert.equal(usage.byDay.length, 1);
  assert.equal(usage.recent.length, 3);
  assert.deepEqual([usage.recent[0]?.cacheWriteTokens, usage.recent[0]?.cacheReadTokens], [10, 20]);
  assert.deepEqual((await readUsage(deps, bot.userId, "2020-01")).total.calls, 0);
});

test("X2 another user's usage is not there", async (t) => {
  const deps = await testDeps(t);
  const [mine, other] = [await makeBot(deps), await makeBot(deps)];
  await settledCall(deps, other.id, "a");
  assert.deepEqual((await readUsage(deps, mine.userId)).recent, []);
});

test("F103 a bot's claim is kept once beside the ledger and bills nothing", async (t) => {
  const deps = await testDeps(t);
  const bot = await makeBot(deps);
  assert.deepEqual(await authenticateBot(deps, bot.key), { botId: bot.id });
  assert.equal(await authenticateBot(deps, `molt_${randomBytes(32).toString("base64url")}`), undefined);
  assert.equal(await authenticateBot(deps, createHash("sha256").update(bot.key).digest("hex")), undefined);
  const claim = {
    botId: bot.id,
    claimId: crypto.randomUUID(),
    model: "a",
    tokensIn: 10_000_000,
    tokensOut: 1,
    at: new Date().toISOString(),
  };
  await storeClaim(deps, claim);
  await storeClaim(deps, { ...claim, tokensIn: 5 });
  const claims = await deps.db.selectFrom("app.usage_claims").select(["bot_id", "tokens_in"]).execute();
  assert.deepEqual(claims, [{ bot_id: bot.id, tokens_in: 10_000_000n }]);
  assert.equal((await readUsage(deps, bot.userId)).total.calls, 0);
});

test("F103 a claim out of its time is refused", async (t) => {
  const deps = await testDeps(t);
  const bot = await makeBot(deps);
  for (const at of ["2020-01-01T00:00:00Z", new Date(Date.now() + 3_600_000).toISOString()]) {
    const claim = { botId: bot.id, claimId: crypto.randomUUID(), model: "a", tokensIn: 1, tokensOut: 1, at };
    await assert.rejects(
      storeClaim(deps, claim),
      (error) => error instanceof AppError && error.code === "invalid_input",
    );
  }
});
