/** The database's own walls: row level security, grants, and what a user can never read or write. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { freshDatabase } from "../testing/database.ts";
import { makeUser } from "../testing/deps.ts";
import { withUser } from "./open.ts";

test("X2 every table of the product has row level security, enabled and forced", async (t) => {
  const { db } = await freshDatabase(t);
  const { rows } = await sql<{ relname: string }>`
    select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'app' and c.relkind = 'r' and not (c.relrowsecurity and c.relforcerowsecurity)`.execute(
    db,
  );
  assert.deepEqual(rows, []);
});

test("X2 no role of the web may write, and strangers may not even read", async (t) => {
  const { db } = await freshDatabase(t);
  const { rows } = await sql<{ grantee: string; table_name: string; privilege_type: string }>`
    select grantee, table_name, privilege_type from information_schema.role_table_grants
    where table_schema = 'app' and grantee in ('anon', 'authenticated', 'PUBLIC')
      and not (grantee = 'authenticated' and privilege_type = 'SELECT')`.execute(db);
  assert.deepEqual(rows, []);
});

test("X2 with two users each sees exactly the own rows of every readable table", async (t) => {
  const { db } = await freshDatabase(t);
  const [ada, bob] = [await makeUser({ db }), await makeUser({ db })];
  for (const userId of [ada, bob]) {
    const bot = await db
      .insertInto("app.bots")
      .values({ user_id: userId })
      .returning("id")
      .executeTakeFirstOrThrow();
    await db
      .insertInto("app.usage_days")
      .values({ bot_id: bot.id, day: "2026-11-22", model: "m", cause: "chat" })
      .execute();
  }
  await withUser(db, ada, async (trx) => {
    const users = await trx.selectFrom("app.users").select("id").execute();
    const bots = await trx.selectFrom("app.bots").select("user_id").execute();
    const days = await trx.selectFrom("app.usage_days").select("day").execute();
    assert.deepEqual(
      [users.map((row) => row.id), bots.map((row) => row.user_id), days.length],
      [[ada], [ada], 1],
    );
  });
});

test("a user cannot read the token or the key of the own bot", async (t) => {
  const { db } = await freshDatabase(t);
  const ada = await makeUser({ db });
  await db.insertInto("app.bots").values({ user_id: ada, gateway_token: "sealed" }).execute();
  await assert.rejects(
    withUser(db, ada, (trx) => trx.selectFrom("app.bots").select("gateway_token").execute()),
    { code: "42501" },
  );
});
