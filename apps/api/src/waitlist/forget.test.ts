/** What the list forgets: who leaves, who never confirms, and in the end that somebody left. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import { manualClock, testDeps } from "../testing/deps.ts";
import { confirmWaitlist } from "./confirm-waitlist.ts";
import { leaveWaitlist } from "./leave-waitlist.ts";
import { limits } from "./limits.ts";
import { purgeWaitlist } from "./purge-waitlist.job.ts";
import { entries, join, joinAndConfirm, mails, serveWaitlist, tokenOf } from "./testing/list.ts";

const DAY_MS = 24 * 60 * 60_000;

async function world(t: TestContext) {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  const purge = () => purgeWaitlist(deps, AbortSignal.timeout(20_000));
  const leave = async () => {
    const [row] = await entries(deps);
    await leaveWaitlist(deps, tokenOf(deps, row?.id ?? ""));
  };
  return { clock, deps, purge, leave };
}

test("leaving deletes the entry and its mails, and says nothing about either", async (t) => {
  const deps = await testDeps(t);
  const row = await joinAndConfirm(deps, "ann@example.com");
  await leaveWaitlist(deps, tokenOf(deps, row.id));
  await leaveWaitlist(deps, tokenOf(deps, row.id));
  assert.deepEqual([await entries(deps), await mails(deps)], [[], []]);
});

test("addresses that never confirm are forgotten after 14 days, confirmed ones stay", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  await joinAndConfirm(deps, "stays@example.com");
  await join(deps, "goes@example.org");
  clock.advance(14 * 24 * 60 * 60_000 + 1);
  assert.equal(
    await purgeWaitlist(deps, AbortSignal.timeout(5_000)),
    "deleted 1 addresses that were never confirmed",
  );
  assert.deepEqual(
    (await entries(deps)).map(({ email }) => email),
    ["stays@example.com"],
  );
  assert.deepEqual(
    (await mails(deps)).map(({ recipient }) => recipient),
    ["stays@example.com"],
  );
});

test("who is asked again on day 13 has 14 days from then on", async (t) => {
  const { clock, deps, purge } = await world(t);
  await join(deps, "ann@example.com");
  clock.advance(13 * DAY_MS);
  await join(deps, "ann@example.com");
  clock.advance(14 * DAY_MS - 1);
  assert.equal(await purge(), "");
  clock.advance(2);
  assert.match(await purge(), /^deleted 1 /);
});

test("somebody who confirms while the purge waits for the row stays on the list", async (t) => {
  const { clock, deps, purge } = await world(t);
  await join(deps, "ann@example.com");
  const [row] = await entries(deps);
  clock.advance(14 * DAY_MS + 1);
  let purged: Promise<string> | undefined;
  await deps.db.transaction().execute(async (trx) => {
    await confirmWaitlist({ ...deps, db: trx }, tokenOf(deps, row?.id ?? ""));
    purged = purge();
    // The purge has read the row as it was and waits for this transaction.
    for (;;) {
      const { rows } = await sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
        deps.db,
      );
      if (rows.length > 0) break;
    }
  });
  assert.equal(await purged, "");
  assert.equal((await entries(deps)).length, 1);
});

test("a stranger can have somebody who left asked once more, and then not for 90 days", async (t) => {
  const { clock, deps, purge, leave } = await world(t);
  await joinAndConfirm(deps, "ann@example.com");
  await leave();
  await join(deps, "Ann+again@example.com".toLowerCase());
  assert.equal((await mails(deps)).length, 1);
  clock.advance(limits.askPauseMs);
  await join(deps, "ann@example.com");
  assert.equal((await mails(deps)).length, 1, "asked again and again");
  await leave();
  const app = await serveWaitlist(t, { ...deps, clock: { ...clock, sleep: async () => undefined } });
  for (const email of ["ann@example.com", "unknown@example.com"]) {
    const answer = await app.inject({ method: "POST", url: "/waitlist", payload: { email } });
    assert.deepEqual([answer.statusCode, answer.json()], [200, { ok: true }]);
  }
  assert.deepEqual(
    (await entries(deps)).map(({ email }) => email),
    ["unknown@example.com"],
  );
  clock.advance(90 * DAY_MS);
  await purge();
  await join(deps, "ann@example.com");
  assert.equal((await entries(deps)).length, 1);
});

test("of somebody who left a keyed hash is kept, for 90 days, and of somebody unknown nothing", async (t) => {
  const { clock, deps, purge, leave } = await world(t);
  await leaveWaitlist(deps, "x".repeat(43));
  await join(deps, "ann@example.com");
  await leave();
  const kept = async () =>
    (
      await sql<{
        hash: Buffer;
      }>`select hash, row_to_json(r)::text as all from app.waitlist_removals r`.execute(deps.db)
    ).rows;
  const [row, ...more] = await kept();
  assert.deepEqual([row?.hash.length, more], [32, []]);
  assert.doesNotMatch(JSON.stringify(row), /ann|example/);
  const { rows } = await sql`select sha256('ann@example.com') = ${row?.hash} as guessed`.execute(deps.db);
  assert.deepEqual(rows, [{ guessed: false }]);
  clock.advance(90 * DAY_MS - 1);
  await purge();
  assert.equal((await kept()).length, 1);
  clock.advance(1);
  await purge();
  assert.equal((await kept()).length, 0);
});

test("the link of an older mail still removes what a stranger asked again under another spelling", async (t) => {
  const { clock, deps } = await world(t);
  await join(deps, "ann@gmail.com");
  const [first] = await entries(deps);
  clock.advance(limits.askPauseMs + 1);
  await join(deps, "ann+x@gmail.com");
  const [second] = await entries(deps);
  assert.ok(first && second && first.id !== second.id);
  await leaveWaitlist(deps, tokenOf(deps, first.id));
  assert.deepEqual([await entries(deps), await mails(deps)], [[], []]);
  const { rows } = await sql`select from app.waitlist_removals`.execute(deps.db);
  assert.equal(rows.length, 1, "and that she left is remembered");
});

test("what was confirmed is not removed by the link of a mail that asked somebody else", async (t) => {
  const { clock, deps } = await world(t);
  await join(deps, "ann+x@example.com");
  const [first] = await entries(deps);
  clock.advance(limits.askPauseMs + 1);
  const row = await joinAndConfirm(deps, "ann@example.com");
  await leaveWaitlist(deps, tokenOf(deps, first?.id ?? ""));
  assert.deepEqual(await entries(deps), [{ ...row, confirmed_at: clock.now() }]);
});

test("what was posted is remembered for a day", async (t) => {
  const { clock, deps, purge } = await world(t);
  await join(deps, "ann@example.com");
  const posts = async () => (await sql`select from app.waitlist_posts`.execute(deps.db)).rows.length;
  clock.advance(DAY_MS - 1);
  await purge();
  assert.equal(await posts(), 1);
  clock.advance(1);
  await purge();
  assert.equal(await posts(), 0);
});
