/**
 * Objects as JSON rows. Every write happens in one transaction under one lock, so that the state
 * machine never meets itself half-way; reads take no lock.
 */
import { Pool, type PoolClient } from "pg";
import { missing } from "./errors.ts";
import { schema } from "./schema.ts";
import type { Documents, Kind } from "./types.ts";

export interface Queryable {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
}

export interface Page {
  limit: number;
  startingAfter?: string | undefined;
  endingBefore?: string | undefined;
}

/** Column of the JSON body -> value it must have; a list means any of these. */
export type Where = Record<string, string | boolean | readonly string[] | undefined>;

export class Tx {
  readonly #db: Queryable;
  constructor(db: Queryable) {
    this.#db = db;
  }

  async query<Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    const { rows } = await this.#db.query(text, values);
    // Each caller names the columns it selected; pg itself does not know them.
    return rows as Row[];
  }

  async find<K extends Kind>(kind: K, id: string): Promise<Documents[K] | undefined> {
    const rows = await this.query<{ body: Documents[K] }>(
      "select body from stripe_local.objects where id = $1 and kind = $2",
      [id, kind],
    );
    return rows[0]?.body;
  }

  /** @throws {StripeError} 404 resource_missing. */
  async need<K extends Kind>(kind: K, id: string, param = "id"): Promise<Documents[K]> {
    const found = await this.find(kind, id);
    if (!found) throw missing(kind, id, param);
    return found;
  }

  async findAny(id: string): Promise<Documents[Kind] | undefined> {
    const rows = await this.query<{ body: Documents[Kind] }>(
      "select body from stripe_local.objects where id = $1",
      [id],
    );
    return rows[0]?.body;
  }

  async put<T extends Documents[Kind]>(object: T): Promise<T> {
    await this.query(
      `insert into stripe_local.objects (id, kind, body) values ($1, $2, $3)
       on conflict (id) do update set body = excluded.body`,
      [object.id, object.object, JSON.stringify(object)],
    );
    return object;
  }

  async remove(id: string): Promise<void> {
    await this.query("delete from stripe_local.objects where id = $1", [id]);
  }

  /** Newest first, as Stripe lists. `more` says that further rows lie behind. */
  async page<K extends Kind>(
    kind: K,
    where: Where,
    page: Page,
  ): Promise<{ data: Documents[K][]; more: boolean }> {
    const values: unknown[] = [kind];
    const conditions = ["kind = $1"];
    const bind = (value: unknown) => `$${values.push(value)}`;
    for (const [column, wanted] of Object.entries(where)) {
      if (wanted === undefined) continue;
      // Column names are literals of our own code, never input.
      conditions.push(
        typeof wanted === "object"
          ? `body ->> '${column}' = any(${bind(wanted)})`
          : `body ->> '${column}' = ${bind(String(wanted))}`,
      );
    }
    const cursor = page.startingAfter ?? page.endingBefore;
    if (cursor !== undefined) {
      await this.need(kind, cursor, page.startingAfter === undefined ? "ending_before" : "starting_after");
      const side = page.startingAfter === undefined ? ">" : "<";
      conditions.push(`seq ${side} (select seq from stripe_local.objects where id = ${bind(cursor)})`);
    }
    const forward = page.startingAfter !== undefined || page.endingBefore === undefined;
    const rows = await this.query<{ body: Documents[K] }>(
      `select body from stripe_local.objects where ${conditions.join(" and ")}
       order by seq ${forward ? "desc" : "asc"} limit ${bind(page.limit + 1)}`,
      values,
    );
    const data = rows.slice(0, page.limit).map((row) => row.body);
    return { data: forward ? data : data.toReversed(), more: rows.length > page.limit };
  }

  /** All objects of a kind that match, oldest first; `limit` bounds what the clock looks at. */
  async all<K extends Kind>(kind: K, where: Where, limit = 10_000): Promise<Documents[K][]> {
    const { data } = await this.page(kind, where, { limit });
    return data.toReversed();
  }
}

export class Store {
  readonly #pool: Pool;
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  static async open(url: string, onError: (error: Error) => void): Promise<Store> {
    const pool = new Pool({
      connectionString: url,
      max: 6,
      application_name: "stripe-local",
      connectionTimeoutMillis: 10_000,
      statement_timeout: 15_000,
    });
    pool.on("error", onError);
    const store = new Store(pool);
    await store.#transaction((client) => client.query(schema));
    return store;
  }

  read<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    return run(new Tx(this.#pool));
  }

  write<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#transaction(async (client) => {
      await client.query("select pg_advisory_xact_lock(7310002)");
      return run(new Tx(client));
    });
  }

  async #transaction<T>(run: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    try {
      await client.query("begin");
      const result = await run(client);
      await client.query("commit");
      return result;
    } catch (error) {
      await client.query("rollback").catch((failure: Error) => {
        broken = failure;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}
