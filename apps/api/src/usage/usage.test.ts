/** GET and POST /usage through the server, as the app and a bot see them. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { makeBot } from "../models/testing/proxy.ts";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { makeUser, testDeps } from "../testing/deps.ts";
import { authenticateBot } from "../models/authenticate-bot.ts";
import { pauseSpending } from "../models/pause-spending.ts";
import { setCaps } from "../models/set-caps.ts";
import { firstWords } from "./first-words.ts";
import { readUsage } from "./read-usage.ts";
import { storeClaim } from "./store-claim.ts";

async function settledCall(
  deps: Deps,
  botId: string,
  { model = "a", messageId = null }: { model?: string; messageId?: string | null } = {},
): Promise<void> {
  const { rows } = await sql<{
    id: string;
  }>`insert into app.usage_logs (bot_id, model, state, cause, provider, reserved_picos, price_version, message_id)
    values (${botId}, ${model}, 'reserved', 'chat', 'demo', 0, 'test', ${messageId}) returning id`.execute(
    deps.db,
  );
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
  for (const model of ["a", "a", "b"]) await settledCall(deps, bot.id, { model });
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

/** @returns the id of the message. */
async function writeMessage(deps: Deps, botId: string, text: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into app.messages (bot_id, seq, role, text, state)
    select ${botId}::uuid, count(*) + 1, 'user', ${text}, 'answered' from app.messages where bot_id = ${botId}::uuid
    returning id`.execute(deps.db);
  assert.ok(rows[0]);
  return rows[0].id;
}

test("messages stand with their first words and all their calls, the dearest first", async (t) => {
  const deps = await testDeps(t);
  const bot = await makeBot(deps);
  const cheap = await writeMessage(deps, bot.id, "Hello");
  const dear = await writeMessage(deps, bot.id, `Read all of this:\n\n${"word ".repeat(60)}`);
  for (const id of [cheap, dear, dear]) await settledCall(deps, bot.id, { messageId: id });
  await settledCall(deps, bot.id);
  const { byMessage } = await readUsage(deps, bot.userId);
  assert.deepEqual(
    byMessage.map(({ messageId, calls, costPicos }) => ({ messageId, calls, costPicos })),
    [
      { messageId: dear, calls: 2, costPicos: "2000000002" },
      { messageId: cheap, calls: 1, costPicos: "1000000001" },
    ],
  );
  assert.match(byMessage[0]?.text ?? "", /^Read all of this: word .*word…$/);
  assert.equal(byMessage[1]?.text, "Hello");
  assert.deepEqual((await readUsage(deps, bot.userId, "2020-01")).byMessage, []);
});

test("the month shows what may be spent; a user without a bot has no budget and no error", async (t) => {
  const deps = await testDeps(t);
  const bot = await makeBot(deps);
  await setCaps(deps, bot.userId, { monthCapPicos: "8000000000000" });
  await pauseSpending(deps, bot.userId);
  const { budget } = await readUsage(deps, bot.userId);
  assert.equal(budget?.monthCapPicos, "8000000000000");
  assert.equal(budget?.hold?.reason, "user");
  const usage = await readUsage(deps, await makeUser(deps));
  assert.deepEqual([usage.budget, usage.total.calls, usage.byMessage], [null, 0, []]);
});

test("X2 another user's usage is not there", async (t) => {
  const deps = await testDeps(t);
  const [mine, other] = [await makeBot(deps), await makeBot(deps)];
  await settledCall(deps, other.id, { messageId: await writeMessage(deps, other.id, "a secret") });
  const { recent, byMessage } = await readUsage(deps, mine.userId);
  assert.deepEqual([recent, byMessage], [[], []]);
});

for (const { name, text, words } of [
  { name: "a short text is whole", text: "  Hello \n there ", words: "Hello there" },
  { name: "a long text ends after a word", text: "one two three four five", words: "one two three…" },
  { name: "a long word is cut within", text: "x".repeat(30), words: `${"x".repeat(17)}…` },
  { name: "a character is never cut in half", text: "🦞".repeat(15), words: `${"🦞".repeat(8)}…` },
  { name: "nothing stays nothing", text: " ", words: "" },
])
  test(`in the list of messages ${name}`, () => assert.equal(firstWords(text, 18), words));

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

test("F103 a bot that floods is stopped for a day, and counting its claims reads only the day's", async (t) => {
  const { db, ...deps } = await testDeps(t);
  const bot = await makeBot({ db, ...deps });
  const fill = (count: number, hoursAgo: number) =>
    sql`insert into app.usage_claims (bot_id, claim_id, model, tokens_in, tokens_out, at, received_at)
      select ${bot.id}, gen_random_uuid(), 'm', 1, 1, now(), now() - ${hoursAgo} * interval '1 hour'
      from generate_series(1, ${count}::int)`.execute(db);
  const claim = () => ({
    botId: bot.id,
    claimId: crypto.randomUUID(),
    model: "a",
    tokensIn: 1,
    tokensOut: 1,
    at: new Date().toISOString(),
  });
  await fill(60_000, 30);
  await sql`analyze app.usage_claims`.execute(db);
  await db.transaction().execute(async (trx) => {
    await storeClaim({ ...deps, db: trx }, claim());
    const { rows } = await sql<{ read: bigint }>`select seq_tup_read + idx_tup_fetch as read
      from pg_stat_xact_user_tables where relname = 'usage_claims'`.execute(trx);
    assert.ok((rows[0]?.read ?? 99n) < 10n, `read ${rows[0]?.read} claims`);
  });
  await fill(43_198, 3);
  await storeClaim({ ...deps, db }, claim());
  await assert.rejects(
    storeClaim({ ...deps, db }, claim()),
    (error) => error instanceof AppError && error.code === "rate_limited" && /one day/.test(error.message),
  );
});
