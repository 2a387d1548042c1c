/** The books are right, then one thing is damaged: the check says which. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import { modelIds, priceOf } from "@molt/contract";
import fc from "fast-check";
import { makePayer, type Payer, report, waitOver } from "../billing/testing/usage.ts";
import { openWorld, type World } from "../billing/testing/world.ts";
import { costPicos, noTokens, type Tokens, worstCasePicos } from "../models/cost.ts";
import { Ledger } from "../models/ledger.ts";
import { freshDatabase } from "../testing/database.ts";
import { makeUser } from "../testing/deps.ts";
import { checkLedger } from "./check-ledger.ts";
import { checkPrices } from "./check-prices.ts";
import { runChecks } from "./check.ts";
import { ledgerChecks } from "./table.ts";

const model = "claude-sonnet-5";

interface CallOptions {
  tokens?: Partial<Tokens>;
  requestId?: string;
  /** Left open. */
  open?: boolean;
}

/** Calls through the ledger at the table's prices. */
async function callModel(world: World, { botId }: Payer, calls: readonly CallOptions[]): Promise<void> {
  const price = priceOf(model);
  if (!price) throw new Error(`${model} has no price`);
  const ledger = await Ledger.open(world.deps);
  for (const { tokens, requestId, open } of calls) {
    const callId = randomUUID();
    const used = { ...noTokens, input: 1_000, output: 200, ...tokens };
    const names = { model, provider: "anthropic", priceVersion: price.version };
    const reservedPicos = worstCasePicos({ input: 300_000, output: 8_000 }, price, true);
    await ledger.reserve({ callId, botId, ...names, reservedPicos, traceId: undefined });
    if (open) continue;
    await ledger.settle({
      callId,
      botId,
      state: "settled",
      tokens: used,
      costPicos: costPicos(used, price),
      providerRequestId: requestId ?? `req_${callId}`,
      httpStatus: 200,
      firstByteMs: 1,
      latencyMs: 2,
      reason: undefined,
    });
  }
  await ledger.close();
}

async function goodBooks(t: TestContext) {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  await callModel(world, ada, [
    {},
    { tokens: { cacheRead: 70_001, cacheWrite: 1_003, cacheWrite1h: 7 } },
    { tokens: { input: 250_000 } },
    { open: true },
  ]);
  await report(world);
  await callModel(world, ada, [{ tokens: { output: 1 } }]);
  const check = () => checkLedger(world.deps, { stripe: world.deps.config });
  return { world, ada, check };
}

const failing = (audit: Awaited<ReturnType<typeof checkLedger>>) =>
  audit.checks.filter((one) => !one.ok).map((one) => one.id);

test("books that are right pass every check, with calls open and usage that is not reported yet", async (t) => {
  const { check } = await goodBooks(t);
  const audit = await check();
  assert.deepEqual(failing(audit), [], JSON.stringify(audit.checks.filter((one) => !one.ok)));
  assert.deepEqual([audit.ok, audit.checks.length], [true, 11]);
});

const someCall = sql`(select id from app.usage_logs where state = 'settled' limit 1)`;

const damages = [
  {
    name: "a day that says too much",
    damage: sql`update app.usage_days set cost_picos = cost_picos + 1`,
    found: ["days"],
  },
  {
    name: "a settled call that is gone",
    damage: sql`delete from app.usage_logs where id = ${someCall}`,
    found: ["days", "budgets"],
  },
  {
    name: "a budget that forgot a reservation",
    damage: sql`update app.model_budgets set month_picos = month_picos - 1`,
    found: ["budgets"],
  },
  {
    name: "an answer that is settled twice",
    damage: sql`update app.usage_logs set provider_request_id = 'req_twin' where state = 'settled'`,
    found: ["doubles"],
  },
  {
    name: "a call with another cost than its tokens have",
    damage: sql`with moved as (update app.usage_logs set tokens_out = tokens_out + 1 where id = ${someCall} returning bot_id)
      update app.usage_days d set tokens_out = d.tokens_out + 1 from moved where d.bot_id = moved.bot_id`,
    found: ["prices"],
  },
  {
    name: "a call billed above its reservation",
    damage: sql`update app.usage_logs set reserved_picos = cost_picos - 1 where id = ${someCall}`,
    found: ["bounds"],
  },
  {
    name: "a day of which more is in batches than there is",
    damage: sql`update app.metered_days set picos = picos * 2`,
    found: ["metered", "batches"],
  },
  {
    name: "a batch that is gone",
    damage: sql`delete from app.meter_batches`,
    found: ["batches"],
  },
  {
    name: "a batch that Stripe has dropped",
    damage: sql`update app.meter_batches set state = 'rejected'`,
    found: ["outbox"],
  },
  {
    name: "usage that is in no batch since days",
    damage: sql`with old as (update app.usage_logs set "timestamp" = "timestamp" - interval '3 days')
      , days as (update app.usage_days set day = day - 3)
      , marks as (update app.metered_days set day = day - 3, picos = picos - 5000000)
      , accounts as (update app.meter_accounts set picos = picos - 5000000, micros = micros - 5)
      , budgets as (delete from app.model_budgets)
      update app.meter_batches set picos = picos - 5000000, micros = micros - 5`,
    found: ["outbox"],
  },
];

test("each kind of damage is found by its own check and by no other", async (t) => {
  const { world } = await goodBooks(t);
  for (const { name, damage, found } of damages) {
    await t.test(name, async () => {
      const undone = new Error("undone");
      const failed: string[] = [];
      const inside = world.deps.db.transaction().execute(async (trx) => {
        await damage.execute(trx);
        for (const { id, ok, count, sample } of [
          ...(await runChecks(trx, ledgerChecks)),
          await checkPrices(trx),
        ]) {
          if (ok) continue;
          failed.push(id);
          assert.ok(count > 0 && sample.length > 0 && sample.length <= 10);
        }
        throw undone;
      });
      await assert.rejects(inside, (error) => error === undone || assert.fail(String(error)));
      assert.deepEqual(failed, found);
    });
  }
});

test("a batch that Stripe has counted differently is found", async (t) => {
  const { world, ada, check } = await goodBooks(t);
  await sql`update app.meter_batches set state = 'confirmed', micros = micros + 1, picos = picos + 1000000`.execute(
    world.deps.db,
  );
  await sql`update app.meter_accounts set micros = micros + 1, picos = picos + 1000000`.execute(
    world.deps.db,
  );
  const audit = await check();
  assert.deepEqual(failing(audit).includes("stripe"), true);
  const sample = audit.checks.at(-1)?.sample[0] as { customer: string };
  assert.equal(sample.customer, ada.customer);
});

test("without an answer of Stripe nothing is said about it", async (t) => {
  const { world } = await goodBooks(t);
  const nobody = { version: "test", stripe: { url: "http://127.0.0.1:1", secretKey: "sk_test_x" } };
  const audit = await checkLedger(world.deps, { stripe: nobody });
  assert.deepEqual([audit.ok, audit.checks.at(-1)?.note], [true, "Stripe does not answer: not compared"]);
});

test("a batch on its way is no difference", async (t) => {
  const { world, ada, check } = await goodBooks(t);
  await world.control("faults", {
    api: [{ method: "POST", path: "/v1/billing/meter_events", kind: "refuse", status: 503 }],
  });
  await callModel(world, ada, [{}]);
  await report(world);
  await waitOver(world.deps.db);
  assert.deepEqual(failing(await check()), []);
});

test("the check's arithmetic is the proxy's, for every model, tier and kind of token", async (t) => {
  const { db } = await freshDatabase(t);
  const userId = await makeUser({ db });
  const { id: botId } = await db
    .insertInto("app.bots")
    .values({ user_id: userId })
    .returning("id")
    .executeTakeFirstOrThrow();
  const count = fc.integer({ min: 0, max: 400_000 });
  const call = fc.record({
    model: fc.constantFrom(...modelIds()),
    tokens: fc.record({
      input: count,
      cacheRead: count,
      cacheWrite: count,
      cacheWrite1h: count,
      output: count,
    }),
  });
  const calls = fc.sample(call, { numRuns: 300, seed: 7 });
  await db
    .insertInto("app.usage_logs")
    .values(
      calls.flatMap(({ model: id, tokens }) => {
        const price = priceOf(id);
        if (!price) return [];
        const used = { ...tokens, reasoning: 0 };
        const { input, cacheRead, cacheWrite, cacheWrite1h } = tokens;
        return [
          {
            bot_id: botId,
            model: id,
            state: "settled" as const,
            cause: "chat" as const,
            provider: price.provider,
            price_version: price.version,
            tokens_in: BigInt(input + cacheRead + cacheWrite + cacheWrite1h),
            tokens_out: BigInt(tokens.output),
            cache_read_tokens: BigInt(cacheRead),
            cache_write_tokens: BigInt(cacheWrite),
            cache_write_1h_tokens: BigInt(cacheWrite1h),
            cost_picos: costPicos(used, price),
          },
        ];
      }),
    )
    .execute();
  const check = await checkPrices(db);
  assert.deepEqual([check.ok, check.note], [true, undefined], JSON.stringify(check));
  await sql`update app.usage_logs set price_version = 'genai-prices-0.0.1' where id = ${someCall}`.execute(
    db,
  );
  const later = await checkPrices(db);
  assert.deepEqual(
    [later.ok, later.note?.startsWith("1 calls at prices this copy does not know")],
    [true, true],
  );
});
