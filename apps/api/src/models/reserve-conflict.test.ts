/** A reservation that meets the end of an account. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import { isConflict } from "../db/sql-state.ts";
import { testDeps } from "../testing/deps.ts";
import { Ledger } from "./ledger.ts";
import { makeBot } from "./testing/proxy.ts";
import { reservation } from "./testing/ruled-bots.ts";

/** Two bots whose calls share a batch, and what tells that the batch waits for a lock. */
async function open(t: TestContext) {
  const deps = await testDeps(t);
  const ledger = await Ledger.open(deps);
  t.after(() => ledger.close());
  const isOdd = (id: string) => parseInt(id.slice(-1), 16) % 2;
  const leaving = await makeBot(deps);
  let staying = await makeBot(deps);
  while (isOdd(leaving.id) !== isOdd(staying.id)) staying = await makeBot(deps);
  const reserve = async () => {
    const calls = [leaving, staying].map(({ id }) => reservation({ callId: randomUUID(), botId: id }));
    return Promise.all(calls.map((call) => ledger.reserve(call)));
  };
  const isWaiting = async () => {
    const { rows } = await sql<{ waits: boolean }>`select exists (select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock') as waits`.execute(deps.db);
    return rows[0]?.waits ?? false;
  };
  const waitForIt = async () => {
    while (!(await isWaiting())) await deps.clock.sleep(5);
  };
  return { db: deps.db, leaving, reserve, waitForIt };
}

/** A machine that holds the delete up for a second makes it the one that is ended; not every time. */
const MOST_MEETINGS = 10;
const EXPECTED = [
  { refusal: "unknown_bot", cause: "background" },
  { refusal: null, cause: "background" },
];

test("a user who is deleted at the moment of a batch costs no other bot its call", async (t) => {
  const { db, leaving, reserve, waitForIt } = await open(t);
  await reserve();
  let batches = 1;
  const meet = async () => {
    batches += 1;
    let batch = reserve;
    try {
      await db.transaction().execute(async (trx) => {
        // What deleting takes first. The budget follows by cascade, and the batch holds that by then.
        await sql`select from app.bots where id = ${leaving.id} for update`.execute(trx);
        const running = reserve();
        running.catch(() => undefined); // looked at below
        batch = () => running;
        await waitForIt();
        await sql`delete from app.users where id = ${leaving.userId}`.execute(trx);
      });
    } catch (error) {
      // The database ends whoever looks for the knot first: the end of an account is tried again, as here.
      if (!isConflict(error)) throw error;
      assert.deepEqual((await batch())[1], EXPECTED[1]);
      return undefined;
    }
    return batch();
  };
  let answers = await meet();
  while (!answers && batches < MOST_MEETINGS) answers = await meet();
  assert.deepEqual(answers, EXPECTED);
  const { rows } = await sql`select count(*)::int as calls from app.usage_logs`.execute(db);
  assert.deepEqual(rows, [{ calls: batches }], "one of each batch, the other bot's are gone with it");
});

test("nor does one whose bot never called before", async (t) => {
  const { db, leaving, reserve, waitForIt } = await open(t);
  const { batch } = await db.transaction().execute(async (trx) => {
    await sql`delete from app.users where id = ${leaving.userId}`.execute(trx);
    const running = reserve();
    running.catch(() => undefined); // looked at below
    await waitForIt();
    return { batch: running };
  });
  assert.deepEqual(await batch, EXPECTED);
});
