/** Owners hear of their cap before and when it is reached, once each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { testDeps } from "../testing/deps.ts";
import { makeBot } from "./testing/proxy.ts";
import { warnCaps } from "./warn-caps.job.ts";

const DOLLAR = 1_000_000_000_000n;
const { signal } = new AbortController();

/** A bot that has used so many dollars of its cap this month. */
async function botWith(deps: Deps, { used, cap }: { used: bigint; cap: bigint }): Promise<string> {
  const { id } = await makeBot(deps);
  await sql`insert into app.model_budgets (bot_id, month_picos, month_cap_picos)
    values (${id}, ${used * DOLLAR}, ${cap * DOLLAR})`.execute(deps.db);
  return id;
}
async function addCall(deps: Deps, botId: string, call: { state: string; picos?: bigint; reason?: string }) {
  await sql`insert into app.usage_logs (bot_id, model, state, cause, provider, price_version, reserved_picos, reason)
    values (${botId}, 'm', ${call.state}, 'chat', 'p', 'v', ${call.picos ?? 0n}, ${call.reason ?? null})`.execute(
    deps.db,
  );
}
const setUsed = (deps: Deps, id: string, used: bigint) =>
  sql`update app.model_budgets set month_picos = ${used * DOLLAR} where bot_id = ${id}`.execute(deps.db);

async function told({ db }: Deps): Promise<number[]> {
  const { rows } = await sql<{ percent: number }>`
    select (data->>'percent')::int as percent from app.mails where template = 'cap-reached' order by 1`.execute(
    db,
  );
  return rows.map(({ percent }) => percent);
}

test("half, four fifths and all of a cap are told once each, and a look between tells nothing", async (t) => {
  const deps = await testDeps(t);
  const bot = await botWith(deps, { used: 49n, cap: 100n });
  const steps: [bigint, number[]][] = [
    [49n, []],
    [50n, [50]],
    [79n, [50]],
    [80n, [50, 80]],
    [99n, [50, 80]],
    [100n, [50, 80, 100]],
  ];
  for (const [used, expected] of steps) {
    await setUsed(deps, bot, used);
    await Promise.all([warnCaps(deps, signal), warnCaps(deps, signal)]);
    assert.deepEqual(await told(deps), expected, `${used} of 100`);
  }
});

test("of steps passed at once only the highest is told, with the figures, to the owner", async (t) => {
  const deps = await testDeps(t);
  await botWith(deps, { used: 9n, cap: 10n });
  assert.equal(await warnCaps(deps, signal), "told 1 owners about their cap");
  const { rows } = await sql<{ recipient: string; data: object }>`
    select recipient, data from app.mails`.execute(deps.db);
  const owner = await deps.db.selectFrom("app.users").select("email").executeTakeFirstOrThrow();
  assert.deepEqual(rows, [
    {
      recipient: owner.email,
      data: { percent: 80, spentPicos: "9000000000000", capPicos: "10000000000000" },
    },
  ]);
});

test("what is only reserved is not yet used", async (t) => {
  const deps = await testDeps(t);
  const bot = await botWith(deps, { used: 60n, cap: 100n });
  await addCall(deps, bot, { state: "reserved", picos: 20n * DOLLAR });
  await warnCaps(deps, signal);
  assert.deepEqual(await told(deps), []);
});

test("a bot whose call no longer fits is at its cap, though some cents are left", async (t) => {
  const deps = await testDeps(t);
  const bot = await botWith(deps, { used: 96n, cap: 100n });
  await addCall(deps, bot, { state: "refused", reason: "month_cap" });
  await warnCaps(deps, signal);
  assert.deepEqual(await told(deps), [100]);
});

test("a new month and a raised cap begin anew; a month that is over is silent", async (t) => {
  const deps = await testDeps(t);
  const bot = await botWith(deps, { used: 100n, cap: 100n });
  await sql`update app.model_budgets set month = (month - interval '1 month')::date`.execute(deps.db);
  await warnCaps(deps, signal);
  assert.deepEqual(await told(deps), []);
  await sql`update app.model_budgets set month = (month + interval '1 month')::date`.execute(deps.db);
  await warnCaps(deps, signal);
  await sql`update app.model_budgets set month_cap_picos = ${200n * DOLLAR} where bot_id = ${bot}`.execute(
    deps.db,
  );
  await warnCaps(deps, signal);
  assert.deepEqual(await told(deps), [50, 100]);
});

test("more bots than one page are all looked at", async (t) => {
  const deps = await testDeps(t);
  await sql`
    with people as (insert into auth.users (email) select 'u' || i || '@example.com' from generate_series(1, 620) i returning id, email),
      users as (insert into app.users (id, email) select id, email from people returning id),
      bots as (insert into app.bots (user_id) select id from users returning id)
    insert into app.model_budgets (bot_id, month_picos, month_cap_picos) select id, 5, 10 from bots`.execute(
    deps.db,
  );
  await warnCaps(deps, signal);
  assert.equal((await told(deps)).length, 620);
});
