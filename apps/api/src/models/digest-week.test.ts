/** The weekly mail counts one whole week, comes once, and not to those whose bot did nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { manualClock, testDeps } from "../testing/deps.ts";
import { digestWeek, lastWeek } from "./digest-week.job.ts";
import { makeBot } from "./testing/proxy.ts";

const { signal } = new AbortController();
/** A Monday; the week before it runs from 2026-11-16 to 2026-11-22. */
const MONDAY = new Date("2026-11-23T00:30:00Z");

interface Used {
  day: string;
  cause: string;
  calls: number;
  picos: bigint;
}
async function use({ db }: Deps, botId: string, { day, cause, calls, picos }: Used): Promise<void> {
  await sql`insert into app.usage_days (bot_id, day, model, cause, calls, cost_picos)
    values (${botId}, ${day}, 'm', ${cause}, ${calls}, ${picos})`.execute(db);
}
async function write({ db }: Deps, botId: string, at: readonly string[]): Promise<void> {
  for (const [index, time] of at.entries())
    await sql`insert into app.messages (bot_id, seq, role, text, state, at)
      values (${botId}, ${index + 1}, 'user', 'hello', 'answered', ${time})`.execute(db);
}
const mails = async ({ db }: Deps) =>
  (await sql<{ recipient: string; data: object }>`select recipient, data from app.mails`.execute(db)).rows;

test("the mail holds the week's messages, calls and charge, and comes once", async (t) => {
  const deps = await testDeps(t, { clock: manualClock(MONDAY) });
  const { id } = await makeBot(deps);
  await makeBot(deps); // whose bot did nothing
  await use(deps, id, { day: "2026-11-15", cause: "chat", calls: 100, picos: 9n });
  await use(deps, id, { day: "2026-11-16", cause: "chat", calls: 3, picos: 1_000_000_000_000n });
  await use(deps, id, { day: "2026-11-22", cause: "background", calls: 2, picos: 500_000_000_000n });
  await use(deps, id, { day: "2026-11-23", cause: "chat", calls: 100, picos: 9n });
  await write(deps, id, [
    "2026-11-15T23:59:59.999Z",
    "2026-11-16T00:00:00Z",
    "2026-11-22T23:59:59.999Z",
    "2026-11-23T00:00:00Z",
  ]);
  const told = await Promise.all([digestWeek(deps, signal), digestWeek(deps, signal)]);
  assert.ok(told.includes("queued 1 weekly mails"), told.join("; "));
  assert.equal(await digestWeek(deps, signal), "");
  const { email } = await deps.db
    .selectFrom("app.users")
    .innerJoin("app.bots", "app.bots.user_id", "app.users.id")
    .select("email")
    .where("app.bots.id", "=", id)
    .executeTakeFirstOrThrow();
  const data = {
    from: "2026-11-16",
    to: "2026-11-22",
    messages: 2,
    calls: 5,
    unattendedCalls: 2,
    chargePicos: "1800000000000",
  };
  assert.deepEqual(await mails(deps), [{ recipient: email, data }]);
});

test("the next week has a mail of its own", async (t) => {
  const clock = manualClock(MONDAY);
  const deps = await testDeps(t, { clock });
  const { id } = await makeBot(deps);
  await use(deps, id, { day: "2026-11-20", cause: "chat", calls: 1, picos: 1n });
  await use(deps, id, { day: "2026-11-27", cause: "chat", calls: 1, picos: 1n });
  await digestWeek(deps, signal);
  clock.advance(7 * 24 * 60 * 60_000);
  await digestWeek(deps, signal);
  assert.equal((await mails(deps)).length, 2);
});

for (const [now, week] of [
  ["2026-11-22T23:59:59Z", undefined],
  ["2026-11-23T00:00:00Z", { from: "2026-11-16", to: "2026-11-22" }],
  ["2026-11-25T23:59:59Z", { from: "2026-11-16", to: "2026-11-22" }],
  ["2026-11-26T00:00:00Z", undefined],
  ["2027-01-04T08:00:00Z", { from: "2026-12-28", to: "2027-01-03" }],
] as const) {
  test(`at ${now} ${week ? `the week from ${week.from} is told` : "no week is news"}`, () =>
    assert.deepEqual(lastWeek(new Date(now)), week));
}
