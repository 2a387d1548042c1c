/**
 * The host's memory in Postgres, schema `machines_local`. One host owns it (an advisory lock), keeps
 * the records in memory and writes each change through before anybody is told of it.
 */
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import type { Log } from "./log.ts";
import type { AppRecord, IpRecord, MachineRecord, VolumeRecord } from "./types.ts";

type Table = "apps" | "ips" | "volumes" | "machines";

/** Any constant, the same in every host: two hosts on one database would both start the machines. */
const ownerLock = 7_240_011;

const schema = `
create schema if not exists machines_local;
create table if not exists machines_local.apps (key text primary key, record jsonb not null);
create table if not exists machines_local.ips (key text primary key, record jsonb not null);
create table if not exists machines_local.volumes (key text primary key, record jsonb not null);
create table if not exists machines_local.machines (key text primary key, record jsonb not null);
`;

export class Store {
  readonly #pool: pg.Pool;
  readonly #url: string;
  readonly #log: Log;
  readonly #waitMs: number;
  #owner: pg.Client | undefined;
  #closed = false;
  #patienceMs = 15_000;

  constructor(url: string, log: Log, waitMs: number) {
    this.#waitMs = waitMs;
    this.#url = url;
    this.#log = log;
    this.#pool = new pg.Pool({
      connectionString: url,
      max: 4,
      application_name: "machines",
      statement_timeout: 10_000,
      connectionTimeoutMillis: 10_000,
    });
    this.#pool.on("error", (err) => log("an idle database connection broke", { err }));
  }

  /** Waits a while for a host that is just ending, then refuses to be the second one. */
  static async open(url: string, log: Log, waitMs: number): Promise<Store> {
    const store = new Store(url, log, waitMs);
    try {
      await store.#own();
      await store.#pool.query(schema);
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  /** Tries for up to 15 s over a restart of the database: a lost write would be a lost machine. */
  async save(
    table: Table,
    key: string,
    record: AppRecord | IpRecord | VolumeRecord | MachineRecord,
  ): Promise<void> {
    const values = [key, JSON.stringify(record)];
    const giveUpAt = performance.now() + this.#patienceMs;
    for (;;) {
      try {
        await this.#pool.query(
          `insert into machines_local.${table} (key, record) values ($1, $2)
           on conflict (key) do update set record = excluded.record`,
          values,
        );
        return;
      } catch (err) {
        if (this.#closed || performance.now() > giveUpAt) throw err;
        this.#log("a record could not be written, trying again", { table, key, err });
        await pause(300);
      }
    }
  }

  async remove(table: Table, key: string): Promise<void> {
    await this.#pool.query(`delete from machines_local.${table} where key = $1`, [key]);
  }

  /** The records as this program wrote them; nobody else writes this schema. */
  async all<T>(table: Table): Promise<T[]> {
    const { rows } = await this.#pool.query<{ record: T }>(`select record from machines_local.${table}`);
    return rows.map((row) => row.record);
  }

  /** The host ends: a database that is gone already must not keep it. */
  hurry(): void {
    this.#patienceMs = 500;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.end();
    await this.#owner?.end();
  }

  async #own(): Promise<void> {
    const owner = new pg.Client({
      connectionString: this.#url,
      application_name: "machines-owner",
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    owner.on("error", (err) => {
      if (this.#closed) return;
      this.#log("the lock on the machines' memory is lost, taking it again", { err });
      void this.#ownAgain();
    });
    await owner.connect();
    this.#owner = owner;
    await owner.query("select set_config('lock_timeout', $1, false)", [`${this.#waitMs}ms`]);
    try {
      await owner.query("select pg_advisory_lock($1)", [ownerLock]);
    } catch (cause) {
      throw new Error("another machines host owns this database", { cause });
    }
  }

  /** The database came back: be the owner again, for as long as it takes. */
  async #ownAgain(): Promise<void> {
    while (!this.#closed) {
      await pause(1000);
      try {
        return await this.#own();
      } catch (err) {
        this.#log("the lock on the machines' memory is still lost", { err });
      }
    }
  }
}
