/** The breaker's rules about money: pure, and then on a real ledger. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { testDeps } from "../testing/deps.ts";
import { isAboveHabit, isUnattended } from "./breaker.ts";
import { resumeSpending } from "./resume-spending.ts";
import { makeBot, type TestBot } from "./testing/proxy.ts";
import { watchSpending } from "./watch-spending.job.ts";

const DOLLAR = 1_000_000_000_000n;
const CENT = DOLLAR / 100n;

test("six busy hours with nobody there stop at the pace of the day's cap, and not before", () => {
  const seen = {
    isQuiet: true,
    busyHours: 6,
    spentPicos: (5n * DOLLAR) / 4n,
    unattendedDayCapPicos: 5n * DOLLAR,
  };
  assert.equal(isUnattended(seen), true);
  assert.equal(isUnattended({ ...seen, spentPicos: seen.spentPicos - 1n }), false, "slower than the cap");
  assert.equal(isUnattended({ ...seen, busyHours: 5 }), false, "it paused for an hour");
  assert.equal(isUnattended({ ...seen, isQuiet: false }), false, "somebody wrote");
  assert.equal(
    isUnattended({ ...seen, unattendedDayCapPicos: 50n * DOLLAR }),
    false,
    "who allows more, expects more",
  );
  const reminder = { ...seen, unattendedDayCapPicos: 0n, spentPicos: 12n * CENT };
  assert.equal(isUnattended(reminder), false, "an hourly reminder is not worth a stop");
});

test("an hour is far above the habit when it costs three usual days and a quarter of the day's cap", () => {
  const seen = { hourPicos: 12n * DOLLAR + 1n, usualDayPicos: 4n * DOLLAR, dayCapPicos: 20n * DOLLAR };
  assert.equal(isAboveHabit(seen), true);
  assert.equal(isAboveHabit({ ...seen, hourPicos: 12n * DOLLAR }), false);
  assert.equal(
    isAboveHabit({ ...seen, usualDayPicos: 0n, hourPicos: 5n * DOLLAR }),
    false,
    "a new user works",
  );
  assert.equal(isAboveHabit({ ...seen, usualDayPicos: 0n, hourPicos: 5n * DOLLAR + 1n }), true);
  assert.equal(
    isAboveHabit({ hourPicos: 90n * CENT, usualDayPicos: CENT, dayCapPicos: DOLLAR }),
    false,
    "some cents are not worth a stop",
  );
});

/** One settled call of so many hours ago, folded into the day as settling does. */
async function spend(deps: Deps, botId: string, { hoursAgo, picos }: { hoursAgo: number; picos: bigint }) {
  await sql`insert into app.usage_logs (bot_id, model, state, cause, provider, price_version, cost_picos, settled_at, "timestamp")
    values (${botId}, 'm', 'settled', 'background', 'demo', 'test', ${picos}, now(), now() - ${hoursAgo} * interval '1 hour')`.execute(
    deps.db,
  );
  await sql`insert into app.usage_days as d (bot_id, day, model, cause, calls, cost_picos)
    values (${botId}, ((now() - ${hoursAgo} * interval '1 hour') at time zone 'utc')::date, 'm', 'background', 1, ${picos})
    on conflict (bot_id, day, model, cause) do update set cost_picos = d.cost_picos + excluded.cost_picos`.execute(
    deps.db,
  );
  await sql`insert into app.model_budgets (bot_id) values (${botId}) on conflict do nothing`.execute(deps.db);
}

async function olderBot(deps: Deps): Promise<TestBot> {
  const bot = await makeBot(deps);
  await sql`update app.bots set created_at = now() - interval '40 days' where id = ${bot.id}`.execute(
    deps.db,
  );
  return bot;
}

const wrote = (deps: Deps, botId: string, { hoursAgo, seq }: { hoursAgo: number; seq: number }) =>
  sql`insert into app.messages (bot_id, seq, role, text, state, at)
    values (${botId}, ${seq}, 'user', 'go on', 'answered', now() - ${hoursAgo} * interval '1 hour')`.execute(
    deps.db,
  );

const watch = (deps: Deps) => watchSpending(deps, AbortSignal.timeout(10_000));

async function holds(deps: Deps) {
  const { rows } = await sql<{ bot_id: string; held_reason: string }>`select bot_id, held_reason
    from app.model_budgets where held_since is not null`.execute(deps.db);
  return rows.map((row) => [row.bot_id, row.held_reason]);
}

const mails = (deps: Deps) =>
  deps.db
    .selectFrom("app.mails")
    .select(["recipient", "data"])
    .where("template", "=", "spending-held")
    .execute();

const nightShift = async (deps: Deps, botId: string) => {
  for (let hoursAgo = 0.5; hoursAgo < 6; hoursAgo += 1)
    await spend(deps, botId, { hoursAgo, picos: 30n * CENT });
};

test("a bot that spends for hours with nobody there is stopped once, with one mail", async (t) => {
  const deps = await testDeps(t);
  const [alone, attended, slow] = [await olderBot(deps), await olderBot(deps), await olderBot(deps)];
  for (const { id } of [alone, attended]) await nightShift(deps, id);
  await wrote(deps, alone.id, { hoursAgo: 7, seq: 1 });
  await wrote(deps, attended.id, { hoursAgo: 2, seq: 1 });
  for (const hoursAgo of [0.5, 1.5, 3.5, 5.5]) await spend(deps, slow.id, { hoursAgo, picos: 60n * CENT });
  const runs = await Promise.all([watch(deps), watch(deps)]);
  assert.deepEqual(runs.toSorted(), ["", "stopped the spending of 1 bots"]);
  assert.equal(await watch(deps), "");
  assert.deepEqual(await holds(deps), [[alone.id, "unattended"]]);
  assert.deepEqual(
    (await mails(deps)).map(({ data }) => data),
    [{ reason: "unattended", note: null }],
  );
});

test("an hour far above the user's habit is stopped, the same hour of somebody used to it is not", async (t) => {
  const deps = await testDeps(t);
  const [quiet, busy] = [await olderBot(deps), await olderBot(deps)];
  for (let day = 1; day <= 5; day += 1) {
    await spend(deps, quiet.id, { hoursAgo: 24 * day + 1, picos: 50n * CENT });
    await spend(deps, busy.id, { hoursAgo: 24 * day + 1, picos: 6n * DOLLAR });
  }
  for (const { id } of [quiet, busy]) await spend(deps, id, { hoursAgo: 0.2, picos: 7n * DOLLAR });
  await watch(deps);
  assert.deepEqual(await holds(deps), [[quiet.id, "rate"]]);
});

test("after a resume the same evidence counts no more, new evidence does, and mails again", async (t) => {
  const deps = await testDeps(t);
  const bot = await olderBot(deps);
  await spend(deps, bot.id, { hoursAgo: 0.2, picos: 6n * DOLLAR });
  await nightShift(deps, bot.id);
  await watch(deps);
  assert.deepEqual(await holds(deps), [[bot.id, "rate"]]);
  assert.equal((await resumeSpending(deps, bot.userId)).hold, null);
  assert.equal(await watch(deps), "");
  assert.deepEqual(await holds(deps), []);
  // Six more dollars after the tap.
  await sql`update app.model_budgets set resumed_at = now() - interval '30 minutes'`.execute(deps.db);
  await spend(deps, bot.id, { hoursAgo: 0.1, picos: 6n * DOLLAR });
  await watch(deps);
  assert.deepEqual(await holds(deps), [[bot.id, "rate"]]);
  assert.equal((await mails(deps)).length, 2);
});

test("many bots are looked at page by page", async (t) => {
  const deps = await testDeps(t);
  await sql`with people as (
      insert into auth.users (email) select 'p' || i || '@example.com' from generate_series(1, 600) i returning id, email),
    users as (insert into app.users (id, email, subscription_status) select id, email, 'active' from people returning id),
    bots as (insert into app.bots (user_id, status, created_at) select id, 'running', now() - interval '1 day' from users returning id),
    budgets as (insert into app.model_budgets (bot_id) select id from bots),
    days as (insert into app.usage_days (bot_id, day, model, cause, calls, cost_picos)
      select id, (now() at time zone 'utc')::date, 'm', 'chat', 1, ${6n * DOLLAR} from bots)
    insert into app.usage_logs (bot_id, model, state, cause, provider, price_version, cost_picos)
      select id, 'm', 'settled', 'chat', 'demo', 'test', ${6n * DOLLAR} from bots`.execute(deps.db);
  assert.equal(await watch(deps), "stopped the spending of 600 bots");
  assert.equal((await mails(deps)).length, 600);
});
