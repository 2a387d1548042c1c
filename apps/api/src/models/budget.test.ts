/** The budget as its owner sees and changes it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetView, MAX_CAP_PICOS } from "@molt/contract";
import { sql } from "kysely";
import { withUser } from "../db/open.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { makeUser, testDeps } from "../testing/deps.ts";
import { DEFAULT_CAPS } from "./budget-table.ts";
import { holdBot } from "./hold-bot.ts";
import { pauseSpending } from "./pause-spending.ts";
import { readBudget } from "./read-budget.ts";
import { resumeSpending } from "./resume-spending.ts";
import { setCaps } from "./set-caps.ts";
import { makeBot } from "./testing/proxy.ts";

const DOLLAR = 1_000_000_000_000n;

function nextUsageEvent(deps: Deps, botId: string): Promise<unknown> {
  return new Promise((resolve) => {
    deps.events.subscribe("usage", (event) => {
      if (event.botId === botId) resolve(event);
    });
  });
}

test("who let a bot go on is not stopped again by what was seen before, but by what is seen after", async (t) => {
  const deps = await testDeps(t);
  const { id, userId } = await makeBot(deps);
  const hold = { reason: "rate", note: null } as const;
  const { rows } = await sql<{ at: Date }>`select now() as at`.execute(deps.db);
  const seenAt = rows[0]?.at;
  assert.equal(await holdBot(deps.db, id, { ...hold, seenAt }), true);
  await resumeSpending(deps, userId);
  assert.equal(await holdBot(deps.db, id, { ...hold, seenAt }), false, "another worker read the same");
  const later = new Date((seenAt?.getTime() ?? 0) + 60_000);
  assert.equal(await holdBot(deps.db, id, { ...hold, seenAt: later }), true);
});

test("a bot that has made no call has the table's own default caps and nothing spent", async (t) => {
  const deps = await testDeps(t);
  const { id } = await makeBot(deps);
  const budget = budgetView.parse(await readBudget(deps.db, id));
  assert.deepEqual([budget.dayPicos, budget.monthPicos, budget.hold], ["0", "0", null]);
  await sql`insert into app.model_budgets (bot_id) values (${id})`.execute(deps.db);
  const { rows } = await sql`select day_cap_picos as "dayCapPicos", month_cap_picos as "monthCapPicos",
    unattended_day_cap_picos as "unattendedDayCapPicos", run_cap_picos as "runCapPicos"
    from app.model_budgets`.execute(deps.db);
  assert.deepEqual(rows, [DEFAULT_CAPS]);
  assert.deepEqual(await readBudget(deps.db, id), budget);
});

test("a user chooses caps, and the ones left out stay", async (t) => {
  const deps = await testDeps(t);
  const { id, userId } = await makeBot(deps);
  const wanted = { dayCapPicos: (3n * DOLLAR).toString(), runCapPicos: "0" };
  const budget = await setCaps(deps, userId, wanted);
  assert.deepEqual(
    [budget.dayCapPicos, budget.runCapPicos, budget.monthCapPicos],
    [wanted.dayCapPicos, "0", DEFAULT_CAPS.monthCapPicos.toString()],
  );
  const told = nextUsageEvent(deps, id);
  await setCaps(deps, userId, { monthCapPicos: MAX_CAP_PICOS.toString() });
  assert.deepEqual(await told, { kind: "usage", botId: id, userId });
});

test("yesterday's and last month's spending is not shown as today's", async (t) => {
  const deps = await testDeps(t);
  const { id, userId } = await makeBot(deps);
  await setCaps(deps, userId, {});
  await sql`update app.model_budgets set day_picos = 7, unattended_day_picos = 3, month_picos = 9`.execute(
    deps.db,
  );
  const shown = async () => {
    const budget = await readBudget(deps.db, id);
    return [budget?.dayPicos, budget?.unattendedDayPicos, budget?.monthPicos];
  };
  assert.deepEqual(await shown(), ["7", "3", "9"]);
  await sql`update app.model_budgets set day = day - 1`.execute(deps.db);
  assert.deepEqual(await shown(), ["0", "0", "9"]);
  await sql`update app.model_budgets set month = (month - interval '1 month')::date`.execute(deps.db);
  assert.deepEqual(await shown(), ["0", "0", "0"]);
});

test("a user stops the bot's spending and lets it go on, each once, and the app is told", async (t) => {
  const deps = await testDeps(t);
  const { id, userId } = await makeBot(deps);
  const stopped = nextUsageEvent(deps, id);
  const first = await pauseSpending(deps, userId);
  assert.equal(first.hold?.reason, "user");
  assert.deepEqual(await pauseSpending(deps, userId), first);
  await stopped;
  const resumed = nextUsageEvent(deps, id);
  assert.equal((await resumeSpending(deps, userId)).hold, null);
  await resumed;
  assert.equal((await resumeSpending(deps, userId)).hold, null);
  const { rows } = await sql<{ resumed: boolean }>`select resumed_at is not null as resumed
    from app.model_budgets`.execute(deps.db);
  assert.deepEqual(rows, [{ resumed: true }]);
});

test("the operator's stop takes the place of the user's, and the user cannot lift it", async (t) => {
  const deps = await testDeps(t);
  const { id, userId } = await makeBot(deps);
  await pauseSpending(deps, userId);
  assert.equal(await holdBot(deps.db, id, { reason: "operator", note: "Card reported stolen." }), true);
  await assert.rejects(
    resumeSpending(deps, userId),
    (error) => error instanceof AppError && error.code === "not_yours" && /operator/.test(error.message),
  );
  const budget = await pauseSpending(deps, userId);
  assert.equal(budget.hold?.reason, "operator");
  assert.match(budget.hold?.message ?? "", /They say: Card reported stolen\./);
});

test("X2 somebody without a bot changes nothing, and sees nobody else's budget", async (t) => {
  const deps = await testDeps(t);
  const [{ id }, stranger] = [await makeBot(deps), await makeUser(deps)];
  for (const verb of [
    () => setCaps(deps, stranger, {}),
    () => pauseSpending(deps, stranger),
    () => resumeSpending(deps, stranger),
  ]) {
    await assert.rejects(verb, (error) => error instanceof AppError && error.code === "not_found");
  }
  assert.equal(await withUser(deps.db, stranger, (trx) => readBudget(trx, id)), undefined);
  assert.equal(await readBudget(deps.db, crypto.randomUUID()), undefined);
});

test("the owner reads the own budget with no more rights than the own", async (t) => {
  const deps = await testDeps(t);
  const { id, userId } = await makeBot(deps);
  await pauseSpending(deps, userId);
  const budget = await withUser(deps.db, userId, (trx) => readBudget(trx, id));
  assert.equal(budget?.hold?.reason, "user");
});
