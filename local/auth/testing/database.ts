/** A database of its own for each test, copied from the migrated template. */
import { randomBytes } from "node:crypto";

import pg from "pg";

/** A test's own `t`, or the list of a suite. */
export interface Cleanup {
  after(work: () => Promise<unknown>): void;
}

/** @returns its address. Wants TEST_DATABASE_URL, which `npm test` sets. Dropped after the test. */
export async function freshDatabase(t: Cleanup): Promise<string> {
  const admin = process.env["TEST_DATABASE_URL"];
  if (!admin)
    throw new Error("TEST_DATABASE_URL is not set: run npm test, or start scripts/test-database.ts.");
  const name = `test_${randomBytes(8).toString("hex")}`;
  await asAdmin(admin, `create database ${name} template molt_template`);
  t.after(() => asAdmin(admin, `drop database if exists ${name} with (force)`));
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return url.href;
}

export async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // Two copies of one template at once are refused (55006): the other is done in a moment.
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
