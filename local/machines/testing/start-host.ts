/** Starts the host as a process on a database of its own, for the tests of this folder. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";

export const token = "test-token";
export const image = "molt-bot:test";

export interface TestHost {
  url: string;
  proxyUrl: string;
  pid: number;
  /** SIGKILL, as if the power of this one program went. */
  killHard(): Promise<void>;
  stop(): Promise<number | null>;
}

export interface Place {
  databaseUrl: string;
  dataDir: string;
  /** Run before the database goes: hooks of a test run in the order they were given. */
  before: (() => Promise<unknown>)[];
}

export async function newPlace(t: TestContext): Promise<Place> {
  const admin = process.env["TEST_DATABASE_URL"];
  if (admin === undefined) throw new Error("TEST_DATABASE_URL is not set: run the tests with npm test");
  const name = `machines_${randomBytes(6).toString("hex")}`;
  await asAdmin(admin, `create database ${name} template template0`);
  const dataDir = await mkdtemp(join(tmpdir(), "machines-"));
  const before: Place["before"] = [];
  t.after(async () => {
    for (const end of before) await end();
    await asAdmin(admin, `drop database if exists ${name} with (force)`);
    await rm(dataDir, { recursive: true, force: true });
  });
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return { databaseUrl: url.href, dataDir, before };
}

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** Node, and the image's own source: all that a machine of a test sees of this checkout. */
export const imageFiles = [join(root, "node_modules"), dirname(process.execPath), join(root, "local")];

export async function startHost(place: Place, env: Record<string, string> = {}): Promise<TestHost> {
  const bot = fileURLToPath(new URL("./tiny-image.ts", import.meta.url));
  const child = spawn(process.execPath, [fileURLToPath(new URL("../main.ts", import.meta.url))], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"] ?? "",
      SECRET_OF_THE_HOST: "must not reach a machine",
      DATABASE_URL: place.databaseUrl,
      DATA_DIR: place.dataDir,
      TOKEN: token,
      CONTROL: "1",
      IMAGES: JSON.stringify({ [image]: { command: [process.execPath, bot], files: imageFiles } }),
      ...env,
    },
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  place.before.push(() => {
    end(child, "SIGTERM");
    return exited;
  });
  const ready = await readyLine(child);
  return {
    url: ready.url,
    proxyUrl: ready.proxyUrl,
    pid: child.pid ?? 0,
    async killHard() {
      end(child, "SIGKILL");
      await exited;
    },
    stop() {
      end(child, "SIGTERM");
      return exited;
    },
  };
}

function readyLine(child: ChildProcess): Promise<{ url: string; proxyUrl: string }> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("the host was started without pipes");
  let said = "";
  stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error(`the host ended: ${said}`)));
    createInterface({ input: stdout }).once("line", (line) => resolve(JSON.parse(line)));
  });
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
