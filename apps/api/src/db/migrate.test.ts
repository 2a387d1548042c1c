import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { freshDatabase } from "../testing/database.ts";
import { isMigrated, migrate, readMigrations } from "./migrate.ts";

test("F56 four processes that migrate at once do it once", async (t) => {
  const { db, url } = await freshDatabase(t);
  await sql`drop schema app cascade`.execute(db);
  await sql`truncate supabase_migrations.schema_migrations`.execute(db);
  const applied = await Promise.all([migrate(url), migrate(url), migrate(url), migrate(url)]);
  const all = (await readMigrations()).map((migration) => migration.name);
  assert.deepEqual(applied.flat().toSorted(), all.toSorted());
  const { rows } = await sql<{
    version: string;
  }>`select version from supabase_migrations.schema_migrations`.execute(db);
  assert.equal(await isMigrated(rows.map((row) => row.version)), true);
  assert.equal(await isMigrated([]), false);
});
