/** The connection pool, transactions, and the tables this stand-in adds to schema `auth`. */
import { readFile } from "node:fs/promises";

import pg from "pg";

export type Query = Pick<pg.ClientBase, "query">;

export function openPool(url: string, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: "molt-auth",
    max: 8,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 8_000,
    query_timeout: 10_000,
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
  });
  // Without a listener an idle client's error (57P01 when Postgres stops) would end the process.
  pool.on("error", onError);
  return pool;
}

/** Commits what `work` did, or nothing of it. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (query: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((cause: unknown) => {
      // The connection itself is gone: the pool must not hand it out again.
      broken = cause instanceof Error ? cause : new Error("rollback failed");
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/**
 * Creates what is missing; may run any number of times and in several processes at once.
 * `auth.users` is made by local/postgres/bootstrap.sql; on a bare database that file runs first.
 */
export async function prepareSchema(pool: pg.Pool): Promise<void> {
  await inTransaction(pool, async (query) => {
    await query.query("select pg_advisory_xact_lock(hashtext('molt local/auth schema'))");
    const { rows } = await query.query<{ there: boolean }>(
      `select exists (select from information_schema.columns where table_schema = 'auth'
         and table_name = 'users' and column_name = 'email_change_confirm_status') as there`,
    );
    if (!rows[0]?.there) {
      await query.query(await readFile(new URL("../postgres/bootstrap.sql", import.meta.url), "utf8"));
    }
    await query.query(await readFile(new URL("schema.sql", import.meta.url), "utf8"));
  });
}
