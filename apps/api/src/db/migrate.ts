/**
 * Applies supabase/migrations in order, each file in one transaction, recorded in the table that
 * the Supabase CLI uses. Two processes at once: the second waits on the lock and finds nothing to do.
 */
import { readdir, readFile } from "node:fs/promises";
import pg from "pg";

const FOLDER = new URL("../../../../supabase/migrations/", import.meta.url);
/** Any constant will do; all our migrators must use the same. */
const LOCK = 7_301_986_211n;

export interface Migration {
  version: string;
  name: string;
  text: string;
}

/** The files in version order. */
export async function readMigrations(): Promise<Migration[]> {
  const files = (await readdir(FOLDER)).filter((file) => /^\d{14}_[a-z0-9_]+\.sql$/.test(file)).toSorted();
  return Promise.all(
    files.map(async (file) => ({
      version: file.slice(0, 14),
      name: file.slice(15, -4),
      text: await readFile(new URL(file, FOLDER), "utf8"),
    })),
  );
}

/** @returns the names of the migrations it applied, oldest first. */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    application_name: "molt-migrate",
  });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    await client.query("set lock_timeout = '3s'");
    await client.query("create schema if not exists supabase_migrations");
    await client.query(
      "create table if not exists supabase_migrations.schema_migrations (version text primary key, statements text[], name text)",
    );
    const { rows } = await client.query<{ version: string }>(
      "select version from supabase_migrations.schema_migrations",
    );
    const done = new Set(rows.map((row) => row.version));
    const applied: string[] = [];
    for (const migration of await readMigrations()) {
      if (done.has(migration.version)) continue;
      await apply(client, migration);
      applied.push(migration.name);
    }
    return applied;
  } finally {
    await client.end();
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query("begin");
  try {
    await client.query(migration.text);
    await client.query(
      "insert into supabase_migrations.schema_migrations (version, statements, name) values ($1, $2, $3)",
      [migration.version, [migration.text], migration.name],
    );
    await client.query("commit");
  } catch (cause) {
    await client.query("rollback");
    throw new Error(`Migration ${migration.version}_${migration.name} failed; nothing of it was kept.`, {
      cause,
    });
  }
}

/** True when every migration of this build is in the database. */
export async function isMigrated(versions: readonly string[]): Promise<boolean> {
  const known = await readMigrations();
  const there = new Set(versions);
  return known.every((migration) => there.has(migration.version));
}
