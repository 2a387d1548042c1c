/** A database of its own for each test, copied from a migrated template in milliseconds. */
import { randomBytes } from "node:crypto";
import type { TestContext } from "node:test";
import type { Kysely } from "kysely";
import pg from "pg";
import { openDatabase } from "../db/open.ts";
import type { Database } from "../db/types.ts";

export interface TestDatabase {
  db: Kysely<Database>;
  url: string;
}

/**
 * Wants TEST_DATABASE_URL: the administrator's address of a cluster that holds `molt_template`.
 * `npm test` sets it; by hand, `node scripts/test-database.ts` prints it. Dropped after the test.
 */
export async function freshDatabase(t: TestContext): Promise<TestDatabase> {
  const admin = process.env["TEST_DATABASE_URL"];
  if (!admin)
    throw new Error(
      "TEST_DATABASE_URL is not set: run the tests with npm test, or start scripts/test-database.ts first.",
    );
  const name = `test_${randomBytes(8).toString("hex")}`;
  await asAdmin(admin, `create database ${name} template molt_template`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  const db = openDatabase(url.href, { name, max: 8 });
  t.after(async () => {
    await db.destroy();
    await asAdmin(admin, `drop database if exists ${name} with (force)`);
  });
  return { db, url: url.href };
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // Two copies of one template at once are refused (55006); the other is done in a moment.
    for (let attempt = 0; ; attempt += 1) {
      try {
        await client.query(statement);
        return;
      } catch (error) {
        const busy = error instanceof pg.DatabaseError && error.code === "55006";
        if (!busy || attempt >= 200) throw error;
        await client.query("select pg_sleep(0.05)");
      }
    }
  } finally {
    await client.end();
  }
}
