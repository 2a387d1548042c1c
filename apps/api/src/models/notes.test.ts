/** What is noted of running calls. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { priceOf } from "@molt/contract";
import { sql } from "kysely";
import { manualClock, testDeps } from "../testing/deps.ts";
import { noTokens } from "./cost.ts";
import { Ledger } from "./ledger.ts";
import { noteCalls, reserveCalls, settleCalls } from "./table.ts";
import { makeBot } from "./testing/proxy.ts";
import { PROCESS, reservation, settlement } from "./testing/ruled-bots.ts";

const tokens = { input: 5, cacheRead: 4, cacheWrite: 3, cacheWrite1h: 2, output: 6, reasoning: 1 };

test("notes read the rows they write and no others, however many calls are open", async (t) => {
  const { db, ...deps } = await testDeps(t);
  const { id: botId } = await makeBot({ db, ...deps });
  // Counted while nothing was open: the planner takes the index of open calls for an empty one.
  await sql`analyze app.usage_logs`.execute(db);
  await sql`insert into app.usage_logs (bot_id, model, state, cause, provider, price_version, process_id)
    select ${botId}, 'm', 'reserved', 'background', 'p', 'v', ${PROCESS} from generate_series(1, 4000)`.execute(
    db,
  );
  const rows = await db.selectFrom("app.usage_logs").select("id").limit(400).execute();
  await db.transaction().execute(async (trx) => {
    await noteCalls(
      trx,
      rows.map(({ id }) => ({ callId: id, tokens, costPicos: 7n })),
    );
    const { rows: read } = await sql<{ rows: bigint }>`select seq_tup_read + idx_tup_fetch as rows
      from pg_stat_xact_user_tables where relname = 'usage_logs'`.execute(trx);
    const count = Number(read[0]?.rows);
    assert.ok(count >= 400 && count <= 4 * 400, `read ${count} rows to note 400`);
  });
});

test("a note says what is known, moves no closed row and waits for nobody", async (t) => {
  const { db, ...deps } = await testDeps(t);
  const { id: botId } = await makeBot({ db, ...deps });
  const [running, held, done] = Array.from({ length: 3 }, () =>
    reservation({ callId: randomUUID(), botId, reservedPicos: 9n }),
  ) as [ReturnType<typeof reservation>, ReturnType<typeof reservation>, ReturnType<typeof reservation>];
  await reserveCalls(db, [running, held, done], PROCESS);
  await settleCalls(db, [settlement(done.callId, 1n)]);
  const notes = [running, held, done].map(({ callId }) => ({ callId, tokens, costPicos: 7n }));
  await db.transaction().execute(async (trx) => {
    await sql`select from app.usage_logs where id = ${held.callId} for update`.execute(trx);
    await noteCalls(db, notes);
  });
  const { rows } = await sql`select id, tokens_in::int as input, tokens_out::int as output,
      cache_read_tokens::int as read, cache_write_tokens::int as write, cache_write_1h_tokens::int as hour,
      reasoning_tokens::int as reasoning, cost_picos::int as cost
    from app.usage_logs order by array_position(${`{${running.callId},${held.callId},${done.callId}}`}::uuid[], id)`.execute(
    db,
  );
  const none = { read: 0, write: 0, hour: 0, reasoning: 0 };
  assert.deepEqual(rows, [
    { id: running.callId, input: 14, output: 6, read: 4, write: 3, hour: 2, reasoning: 1, cost: 7 },
    { id: held.callId, input: 0, output: 0, cost: 0, ...none },
    { id: done.callId, input: 3, output: 2, cost: 1, ...none },
  ]);
});

test("a proxy with more running calls than fit into one statement notes all of them", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  const { db } = deps;
  const { id: botId } = await makeBot(deps);
  const ledger = await Ledger.open(deps);
  t.after(() => ledger.close());
  const price = priceOf("claude-sonnet-5") ?? assert.fail();
  const { rows } = await sql<{ id: string }>`
    insert into app.usage_logs (bot_id, model, state, cause, provider, price_version, process_id)
    select ${botId}, 'm', 'reserved', 'background', 'p', 'v', ${ledger.processId} from generate_series(1, 1101)
    returning id`.execute(db);
  for (const { id } of rows)
    ledger.track({ callId: id, price, tokensSoFar: () => ({ ...noTokens, output: 8 }) });
  clock.advance(2_000);
  for (let noted = 0n; noted < 1_101n;) {
    const row = await db
      .selectFrom("app.usage_logs")
      .select((eb) => eb.fn.countAll<bigint>().as("count"))
      .where("tokens_out", "=", 8n)
      .executeTakeFirstOrThrow();
    noted = row.count;
  }
});
