/** Which trace opens the attended budget: a person's message somebody waits for, and no other. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { sql } from "kysely";
import { testDeps } from "../testing/deps.ts";
import { reserveCalls } from "./table.ts";
import { makeBot } from "./testing/proxy.ts";
import { ELSEWHERE, PROCESS, reservation } from "./testing/ruled-bots.ts";

const messages = [
  { what: "a message answered an hour ago", role: "user", state: "answered", hours: 1, cause: "chat" },
  {
    what: "a message answered three hours ago",
    role: "user",
    state: "answered",
    hours: 3,
    cause: "background",
  },
  { what: "a message of two months ago", role: "user", state: "answered", hours: 1_440, cause: "background" },
  { what: "a message a day in the queue", role: "user", state: "queued", hours: 24, cause: "chat" },
  { what: "a message a day with the bot", role: "user", state: "delivered", hours: 24, cause: "chat" },
  { what: "a message never answered", role: "user", state: "delivered", hours: 24 * 8, cause: "background" },
  { what: "the bot's own word", role: "bot", state: "final", hours: 0, cause: "background" },
] as const;

for (const { what, role, state, hours, cause } of messages)
  test(`F101 the trace of ${what} is ${cause}, alone, in a batch and near a cap`, async (t) => {
    const { db, ...deps } = await testDeps(t);
    const { id: botId } = await makeBot({ db, ...deps });
    const id = randomUUID();
    await sql`insert into app.messages (id, bot_id, seq, role, text, state, at)
      values (${id}, ${botId}, 1, ${role}, 'hi', ${state}, now() - ${hours} * interval '1 hour')`.execute(db);
    await sql`insert into app.model_budgets (bot_id, unattended_day_cap_picos) values (${botId}, 0)`.execute(
      db,
    );
    const make = (traceId: string, reservedPicos = 1n) =>
      reservation({ callId: randomUUID(), botId, traceId, reservedPicos });
    const trace = id.replaceAll("-", "");
    const expected = { refusal: cause === "chat" ? null : "unattended_cap", cause };
    const alone = await reserveCalls(db, [make(trace)], PROCESS);
    const batch = await reserveCalls(db, [make(trace), make(trace)], PROCESS);
    const near = await reserveCalls(db, [make(ELSEWHERE), make(trace)], PROCESS);
    assert.deepEqual([...alone, ...batch, near[1]], [expected, expected, expected, expected]);
    const kept = await db
      .selectFrom("app.usage_logs")
      .select("message_id")
      .where("state", "=", "reserved")
      .execute();
    assert.deepEqual(
      kept.map((row) => row.message_id),
      cause === "chat" ? [id, id, id, id] : [],
    );
  });
