import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import type { Logger } from "../log.ts";
import { makeUser, testDeps } from "../testing/deps.ts";
import { compareClaims } from "./compare-claims.job.ts";

const signal = new AbortController().signal;

async function open(t: TestContext) {
  const deps = await testDeps(t);
  const warnings: Record<string, unknown>[] = [];
  const warn = (fields: Record<string, unknown>) => void warnings.push(fields);
  // A logger that keeps what an operator would be warned of.
  const log = Object.assign(Object.create(deps.log), { warn }) as Logger;
  const makeBot = async () => {
    const { id } = await deps.db
      .insertInto("app.bots")
      .values({ user_id: await makeUser(deps) })
      .returning("id")
      .executeTakeFirstOrThrow();
    return id;
  };
  const claim = (botId: string, tokens: number, daysAgo: number) =>
    sql`insert into app.usage_claims (bot_id, claim_id, model, tokens_in, tokens_out, at)
      values (${botId}, ${randomUUID()}, 'm', ${tokens}, 1, now() - ${daysAgo} * interval '1 day')`.execute(
      deps.db,
    );
  const settle = (botId: string, tokens: number, daysAgo: number) =>
    sql`insert into app.usage_days as d (bot_id, day, model, cause, calls, tokens_in, tokens_out, cost_picos)
      values (${botId}, (now() at time zone 'utc')::date - ${daysAgo}::int, 'm', 'chat', 1, ${tokens}, 1, 5)
      on conflict (bot_id, day, model, cause) do update set tokens_in = d.tokens_in + excluded.tokens_in`.execute(
      deps.db,
    );
  const days = () => deps.db.selectFrom("app.usage_claim_days").selectAll().orderBy("day").execute();
  return { deps: { db: deps.db, log }, warnings, makeBot, claim, settle, days };
}

test("what bots claim is laid beside the ledger, and who is far off is named once", async (t) => {
  const { deps, warnings, makeBot, claim, settle, days } = await open(t);
  const [honest, other] = [await makeBot(), await makeBot()];
  for (const botId of [honest, other]) await settle(botId, 50_000, 1);
  await claim(honest, 30_000, 1);
  await claim(honest, 19_990, 1);
  await claim(other, 90_000, 1);
  assert.equal(await compareClaims(deps, signal), "compared 2 days of claims, purged 0 claims");
  const day = (await days()).find((row) => row.bot_id === other);
  assert.deepEqual(
    [day?.claimed_calls, day?.claimed_tokens_in, day?.ledger_calls, day?.ledger_tokens_in],
    [1n, 90_000n, 1n, 50_000n],
  );
  const [warning, ...more] = warnings as {
    count: number;
    first: { botId: string; claimedTokens: string }[];
  }[];
  assert.deepEqual(
    [warning?.count, warning?.first[0]?.botId, warning?.first[0]?.claimedTokens],
    [1, other, "90001"],
  );
  assert.deepEqual(more, []);
  assert.equal(await compareClaims(deps, signal), "");
  assert.equal(warnings.length, 1);
});

test("a day is compared when it is over, and again when a call of it was settled late", async (t) => {
  const { deps, makeBot, claim, settle, days } = await open(t);
  const bot = await makeBot();
  await claim(bot, 10_000, 0);
  assert.equal(await compareClaims(deps, signal), "");
  await claim(bot, 10_000, 2);
  await compareClaims(deps, signal);
  assert.deepEqual(
    (await days()).map((row) => row.ledger_tokens_in),
    [0n],
  );
  await settle(bot, 10_000, 2);
  await compareClaims(deps, signal);
  assert.deepEqual(
    (await days()).map((row) => row.ledger_tokens_in),
    [10_000n],
  );
});

test("F103 a claim is never billed, and is gone after 35 days", async (t) => {
  const { deps, makeBot, claim, days } = await open(t);
  const bot = await makeBot();
  await claim(bot, 10_000, 36);
  await claim(bot, 10_000, 1);
  await sql`insert into app.usage_claim_days values (${bot}, current_date - 40, 1, 1, 1, 0, 0, 0)`.execute(
    deps.db,
  );
  assert.equal(await compareClaims(deps, signal), "compared 1 days of claims, purged 1 claims");
  assert.equal((await deps.db.selectFrom("app.usage_claims").selectAll().execute()).length, 1);
  assert.equal((await days()).length, 1);
  assert.deepEqual(await deps.db.selectFrom("app.usage_days").selectAll().execute(), []);
});
