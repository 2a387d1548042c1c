/** Brings a plain Postgres to where a new Supabase project stands: roles, schema `auth`, its functions. */
import { readFile } from "node:fs/promises";
import pg from "pg";

/** Creates the database when it is missing and runs bootstrap.sql in it. May run any number of times. */
export async function prepareDatabase(url: (database: string) => string, database: string): Promise<void> {
  await withClient(url("postgres"), async (client) => {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [database]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(database)}`);
  });
  const bootstrap = await readFile(new URL("bootstrap.sql", import.meta.url), "utf8");
  await withClient(url(database), (client) => client.query(bootstrap));
}

async function withClient(
  connectionString: string,
  work: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: 5000,
    statement_timeout: 30_000,
  });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
