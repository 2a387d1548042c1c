/** The auth stand-in with the real mailbox behind it, and the unmodified official client before it. */
import { EventEmitter, on } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { GoTrueClient } from "@supabase/auth-js";
import pg from "pg";

import { asAdmin, freshDatabase } from "./database.ts";
import type { Cleanup } from "./database.ts";
import { startProcess } from "./process.ts";
import type { Running } from "./process.ts";

export const apikey = "sb_publishable_test";
export const siteUrl = "http://127.0.0.1:4701";
const patienceMs = 10_000;

export interface TestMail {
  id: number;
  subject: string;
  text: string;
  html: string;
  code: string | null;
  links: string[];
  messageId: string;
}

export interface World {
  /** `<service>/auth/v1`, the same after a restart. */
  readonly url: string;
  readonly dataDir: string;
  auth(): Running;
  mailbox: Running;
  db: pg.Pool;
  /** One statement on the cluster, not in the test's own database. */
  asAdmin(statement: string): Promise<void>;
  /** A new client with its own storage, or one over the storage given. */
  client(options?: { storage?: Map<string, string>; flowType?: "pkce" | "implicit" }): GoTrueClient;
  /** Tells the service something through /__control and answers its state. */
  control(body: object): Promise<Record<string, unknown>>;
  mailControl(faults: object[]): Promise<void>;
  /** The newest of at least `count` mails to that address, once they are there. */
  mail(to: string, count?: number): Promise<TestMail>;
  /** Waits until the sender has failed that often to send a mail to the address. */
  untilTried(address: string, attempts: number): Promise<{ dead: boolean }>;
  /** Waits until nothing is left to send. */
  untilSent(): Promise<void>;
  /** Waits until that many connections of the service wait for a lock. */
  untilWaiting(connections: number): Promise<void>;
  /** A request the client would not make. */
  raw(path: string, init?: RequestInit): Promise<Response>;
  restart(env?: Record<string, string>): Promise<void>;
  /** An address nobody has used yet. */
  address(): string;
}

export const password = "a long enough password";

export async function startWorld(t: Cleanup, env: Record<string, string> = {}): Promise<World> {
  const { mailbox, settings, db } = await startBehind(t, env);
  let auth = await startProcess("auth", settings);
  t.after(() => auth.stop());
  const base = auth.url;
  const arrivals = watchMails(t, mailbox.url);
  let people = 0;

  return {
    url: `${base}/auth/v1`,
    dataDir: settings.DATA_DIR,
    auth: () => auth,
    mailbox,
    db,
    asAdmin: (statement) => asAdmin(process.env["TEST_DATABASE_URL"] ?? "", statement),
    client: (options = {}) => makeClient(`${base}/auth/v1`, options),
    control: (body) => post(`${base}/__control`, body),
    async mailControl(faults) {
      await post(`${mailbox.url}/__control`, { faults });
    },
    mail: (to, count = 1) =>
      waitForMail(arrivals, `${mailbox.url}/api/mails?to=${encodeURIComponent(to)}`, count),
    untilTried: (address, attempts) =>
      look<{ dead: boolean }>(
        db,
        `select dead_at is not null as dead from auth.mail_intents
         where address = $1 and attempts >= $2 and last_error is not null`,
        [address, attempts],
      ),
    async untilSent() {
      const nothing = "select where not exists (select from auth.mail_intents where dead_at is null)";
      await look(db, nothing, []);
    },
    async untilWaiting(connections) {
      const waiting = `select from pg_stat_activity where application_name = 'molt-auth'
        and datname = current_database() and wait_event_type = 'Lock' having count(*) >= $1`;
      await look(db, waiting, [connections]);
    },
    raw: (path, init) => fetch(`${base}${path}`, { redirect: "manual", ...init }),
    async restart(more = {}) {
      await auth.stop();
      auth = await startProcess("auth", { ...settings, ...more, PORT: new URL(base).port });
    },
    address: () => `person-${(people += 1)}@example.com`,
  };
}

/** What the service needs: a database, a folder, the mailbox, and its settings. */
async function startBehind(t: Cleanup, env: Record<string, string>) {
  const databaseUrl = await freshDatabase(t);
  const dataDir = await mkdtemp(join(tmpdir(), "molt-auth-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const mailbox = await startProcess("mail", { DATABASE_URL: databaseUrl });
  t.after(() => mailbox.stop());
  const db = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  // Tests take the database away: an idle connection's end is no failure of theirs.
  db.on("error", () => undefined);
  t.after(() => db.end());
  const settings = {
    DATABASE_URL: databaseUrl,
    DATA_DIR: dataDir,
    SMTP_URL: String(mailbox.ready["smtpUrl"]),
    SITE_URL: siteUrl,
    REDIRECT_URLS: `${siteUrl}/chat,moltos://sign-in`,
    PUBLISHABLE_KEY: apikey,
    // Cheap hashes and wide allowances: tests of the limits set their own.
    SCRYPT_LOG2: "10",
    RATE_LIMIT_SCALE: "1000",
    ...env,
  };
  return { mailbox, settings, db };
}

function makeClient(
  url: string,
  options: { storage?: Map<string, string>; flowType?: "pkce" | "implicit" },
): GoTrueClient {
  const items = options.storage ?? new Map<string, string>();
  return new GoTrueClient({
    url,
    headers: { apikey },
    autoRefreshToken: false,
    detectSessionInUrl: false,
    flowType: options.flowType ?? "implicit",
    storage: {
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => void items.set(key, value),
      removeItem: (key) => void items.delete(key),
    },
  });
}

async function post(url: string, body: object): Promise<Record<string, unknown>> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** Turns the mailbox's stream into events, for as long as the tests run. */
function watchMails(t: Cleanup, mailbox: string): EventEmitter {
  const arrivals = new EventEmitter();
  arrivals.setMaxListeners(100);
  const stop = new AbortController();
  const read = async (): Promise<void> => {
    const stream = await fetch(`${mailbox}/events`, { signal: stop.signal });
    for await (const _chunk of stream.body ?? []) arrivals.emit("change");
  };
  const reading = read().catch((error: unknown) => {
    if (!stop.signal.aborted) arrivals.emit("error", error);
  });
  t.after(async () => {
    stop.abort();
    await reading;
  });
  return arrivals;
}

async function waitForMail(arrivals: EventEmitter, url: string, count: number): Promise<TestMail> {
  const signal = AbortSignal.timeout(patienceMs);
  // Listening before looking: a mail that comes in between is heard.
  const changes = on(arrivals, "change", { signal });
  for (;;) {
    const { mails } = (await (await fetch(url, { signal })).json()) as { mails: TestMail[] };
    const [newest] = mails;
    if (newest && mails.length >= count) {
      await changes.return?.();
      return newest;
    }
    await changes.next();
  }
}

/** The first row, as soon as there is one; Postgres does the waiting between two looks. */
async function look<T extends pg.QueryResultRow>(db: pg.Pool, sql: string, values: unknown[]): Promise<T> {
  for (let turn = 0; turn < 200; turn += 1) {
    const { rows } = await db.query<T>(sql, values);
    if (rows[0]) return rows[0];
    await db.query("select pg_sleep(0.05)");
  }
  throw new Error(`Nothing came of: ${sql}`);
}

/** The error of an answer of the client, as [status, code]; fails when there is none. */
export function errorOf(answer: {
  error: { status?: number | undefined; code?: unknown } | null;
}): unknown[] {
  if (!answer.error) throw new Error("The call succeeded, and an error was expected.");
  return [answer.error.status, answer.error.code];
}
