/** Opens the database: one bounded pool per role, every wait has an end, no answer becomes a float. */
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import type { Database } from "./types.ts";

/** bigint as bigint (oid 20); `numeric` sums are cast in SQL; `date` stays text (oid 1082). */
pg.types.setTypeParser(20, BigInt);
pg.types.setTypeParser(1082, (day) => day);

export interface PoolOptions {
  /** Shows in pg_stat_activity. */
  name: string;
  /** Connections; the sum over all processes must stay below the server's max_connections. */
  max: number;
  /**
   * Plans a statement once a connection instead of at every call: for a process that says the same few
   * things thousands of times a second. Not through a transaction pooler, which has no prepared statements.
   */
  prepare?: boolean;
  /** Hears of connections lost while idle. Without a listener pg would end the process. */
  onIdleError?: (error: Error) => void;
}

export function openDatabase(
  url: string,
  { name, max, prepare, onIdleError }: PoolOptions,
): Kysely<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: name,
    max,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 15_000,
    query_timeout: 20_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
  });
  pool.on("error", (error) => onIdleError?.(error));
  if (prepare) nameStatements(pool);
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}

/** Statements that get a name; a process that has more of them builds them anew each time, and must not keep them. */
const MAX_NAMES = 100;

/** Gives every statement with parameters a name, by which the server and pg keep its plan. */
function nameStatements(pool: pg.Pool): void {
  const names = new Map<string, string>();
  pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown; // one of many overloads
    const named = (statement: unknown, values: unknown, ...more: unknown[]): unknown => {
      if (typeof statement !== "string" || !Array.isArray(values) || values.length === 0)
        return query(statement, values, ...more);
      const name = names.get(statement) ?? (names.size < MAX_NAMES ? `molt_${names.size}` : undefined);
      if (name === undefined) return query(statement, values, ...more);
      names.set(statement, name);
      return query({ name, text: statement, values }, ...more);
    };
    client.query = named as typeof client.query; // the same overloads as before
  });
}

/**
 * Runs `work` as the user: row level security applies inside, and nothing of it outlives the
 * transaction. The only way by which a request reads user data.
 */
export async function withUser<T>(
  db: Kysely<Database>,
  userId: string,
  work: (trx: Kysely<Database>) => Promise<T>,
): Promise<T> {
  const claims = JSON.stringify({ sub: userId, role: "authenticated" });
  return db.transaction().execute(async (trx) => {
    await sql`select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${claims}, true)`.execute(
      trx,
    );
    return work(trx);
  });
}
