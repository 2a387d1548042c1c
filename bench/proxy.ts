/**
 * `npm run bench -- proxy`: what the model proxy adds, beside a direct connection and a plain
 * node:http pipe in the same run. Every part is a process of its own; the ledger is a durable
 * Postgres. Figures are CPU of the process that stands between, read from the scheduler; take the
 * ratios, not the digits (reference: performance, section 5).
 *
 * Not measured here: @portkey-ai/gateway, which is not among the packages of this repository; on the
 * machine of the reference it needs 4,280 µs a stream where the plain pipe needs 867.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { Agent, type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { migrate } from "../apps/api/src/db/migrate.ts";
import { startPostgres } from "../local/postgres/postgres.ts";
import { prepareDatabase } from "../local/postgres/prepare.ts";
import { freePort } from "../scripts/lib/ports.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const API_KEY = "sk-bench-provider-key";
/** 200 tokens in 200 events, as in the reference. */
const REPLY = Array.from({ length: 200 }, (_, at) => `w${at}`).join(" ");
const PROMPT = {
  model: "claude-sonnet-5",
  max_tokens: 1_000,
  messages: [{ role: "user", content: "x ".repeat(2_000) }],
};

interface Part {
  child: ChildProcess;
  url: string;
}

interface ProxyFigures {
  name: string;
  /** Median, one at a time. */
  firstByteMs: number;
  jsonMs: number;
  /** Least of three rounds, sixteen at a time; of the origin itself where nothing stands between. */
  cpuPerStreamUs: number;
  cpuPerJsonUs: number;
  megabytes: number;
}

export async function benchProxy(): Promise<ProxyFigures[]> {
  const folder = await mkdtemp(join(tmpdir(), "molt-bench-"));
  const postgres = await startPostgres({ dataDir: folder, port: await freePort(), durable: true });
  const parts: Part[] = [];
  const start = async (file: string, env: Record<string, string>) => {
    const part = await startPart(file, env);
    parts.push(part);
    return part;
  };
  try {
    await prepareDatabase(postgres.url, "bench");
    const database = postgres.url("bench");
    await migrate(database);
    const key = await makeBot(database);
    const origin = await start("local/models/main.ts", { CONTROL: "1", API_KEY, DELAY_MS: "0" });
    const slow = await start("local/models/main.ts", { CONTROL: "1", API_KEY, DELAY_MS: "20" });
    for (const { url } of [origin, slow])
      await post(`${url}/__control`, { key: "" }, { faults: [{ kind: "reply", text: REPLY, times: 0 }] });
    const proxyEnv = { DATABASE_URL: database, ANTHROPIC_API_KEY: API_KEY };
    const figures: ProxyFigures[] = [];
    for (const { name, file, keyOf, envOf } of [
      { name: "direct", file: undefined, keyOf: API_KEY, envOf: () => ({}) },
      {
        name: "plain node:http pipe",
        file: "bench/plain-pipe.ts",
        keyOf: "bench-key",
        envOf: (url: string) => ({ UPSTREAM: url, API_KEY }),
      },
      {
        name: "Molt-OS, reserved, metered, settled",
        file: "apps/api/src/models/testing/proxy-process.ts",
        keyOf: key,
        envOf: (url: string) => ({ ...proxyEnv, ANTHROPIC_BASE_URL: url }),
      },
    ]) {
      const quick = file ? await start(file, envOf(origin.url)) : origin;
      const paced = file ? await start(file, envOf(slow.url)) : slow;
      figures.push({ name, ...(await measure(quick, paced, keyOf)) });
      for (const part of file ? [quick, paced] : []) await stopPart(part);
    }
    return figures;
  } finally {
    for (const part of parts) await stopPart(part);
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(quick: Part, paced: Part, key: string): Promise<Omit<ProxyFigures, "name">> {
  const agent = new Agent({ keepAlive: true, maxSockets: 600 });
  const call = (url: string, stream: boolean) =>
    post(`${url}/v1/messages`, { key, agent }, { ...PROMPT, stream });
  for (let at = 0; at < 200; at += 1) await call(quick.url, at % 2 === 0);
  const reference = await call(quick.url, true);
  if (reference.status !== 200 || !reference.text.includes("message_stop"))
    throw new Error(`the answer is not whole: ${reference.status} ${reference.text.slice(0, 200)}`);
  const first: number[] = [];
  const json: number[] = [];
  for (let at = 0; at < 300; at += 1) {
    json.push((await call(quick.url, false)).totalMs);
  }
  // From the paced origin: at full speed the first bytes are the last as well, and these wait for the ledger.
  for (let at = 0; at < 120; at += 1) first.push(await firstByte(`${paced.url}/v1/messages`, key));
  const cpuPer = async (stream: boolean, count: number): Promise<number> => {
    const rounds: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const before = await cpuNs(quick.child.pid ?? 0);
      await inParallel(count, 16, () => call(quick.url, stream));
      rounds.push(Number((await cpuNs(quick.child.pid ?? 0)) - before) / 1000 / count);
    }
    return Math.min(...rounds);
  };
  const cpuPerStreamUs = await cpuPer(true, 600);
  const cpuPerJsonUs = await cpuPer(false, 1_000);
  const open = Array.from({ length: 500 }, () => call(paced.url, true));
  await new Promise((resolve) => setTimeout(resolve, 2_500)); // in the middle of the 4 s that they last
  const megabytes = await pssMegabytes(paced.child.pid ?? 0);
  const texts = await Promise.all(open);
  if (texts.some((answer) => !answer.text.includes("message_stop")))
    throw new Error("one of 500 streams is not whole");
  agent.destroy();
  return { firstByteMs: median(first), jsonMs: median(json), cpuPerStreamUs, cpuPerJsonUs, megabytes };
}

async function inParallel(count: number, lanes: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

interface Timed {
  status: number;
  text: string;
  firstByteMs: number;
  totalMs: number;
}

function post(url: string, { key, agent }: { key: string; agent?: Agent }, body: object): Promise<Timed> {
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = headersOf(key, bytes);
  const began = performance.now();
  let firstByteMs = 0;
  return new Promise((resolve, reject) => {
    const req = request(
      url,
      { method: "POST", headers, ...(agent ? { agent } : {}) },
      (res: IncomingMessage) => {
        const chunks: Buffer[] = [];
        res.on("data", (chunk: Buffer) => {
          if (chunks.length === 0) firstByteMs = performance.now() - began;
          chunks.push(chunk);
        });
        res.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: res.statusCode ?? 0, text, firstByteMs, totalMs: performance.now() - began });
        });
        res.on("error", reject);
      },
    );
    req.on("error", reject);
    req.end(bytes);
  });
}

/** Milliseconds to the first byte of a stream; then hangs up. */
function firstByte(url: string, key: string): Promise<number> {
  const body = Buffer.from(JSON.stringify({ ...PROMPT, stream: true }));
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const req = request(url, { method: "POST", headers: headersOf(key, body) }, (res) => {
      res.on("error", () => undefined); // hung up on purpose
      res.once("data", () => {
        resolve(performance.now() - began);
        req.destroy();
      });
    });
    req.on("error", reject);
    req.end(body);
  });
}

function headersOf(key: string, body: Buffer): Record<string, string | number> {
  return {
    "x-api-key": key,
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
    "content-length": body.length,
  };
}

/** CPU time of all threads, from the scheduler's own accounting (Linux). */
async function cpuNs(pid: number): Promise<bigint> {
  let total = 0n;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
    total += BigInt(text.split(" ")[0] ?? "0");
  }
  return total;
}

async function pssMegabytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return Math.round(Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024);
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function makeBot(database: string): Promise<string> {
  const key = `molt_${randomBytes(32).toString("base64url")}`;
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      "insert into auth.users (email) values ('bench@example.com') returning id",
    );
    const userId = rows[0]?.id;
    await client.query(
      "insert into app.users (id, email, subscription_status) values ($1, 'bench@example.com', 'active')",
      [userId],
    );
    const hash = createHash("sha256").update(key).digest();
    const bot = await client.query<{ id: string }>(
      "insert into app.bots (user_id, status, model_key_hash) values ($1, 'running', $2) returning id",
      [userId, hash],
    );
    const much = "1000000000000000000";
    await client.query(
      `insert into app.model_budgets (bot_id, day_cap_picos, month_cap_picos, unattended_day_cap_picos, run_cap_picos)
       values ($1, $2, $2, $2, $2)`,
      [bot.rows[0]?.id, much],
    );
  } finally {
    await client.end();
  }
  return key;
}

async function startPart(file: string, env: Record<string, string>): Promise<Part> {
  const child = spawn(process.execPath, [join(ROOT, file)], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface(child.stdout), "line");
  return { child, url: (JSON.parse(String(line)) as { url: string }).url };
}

async function stopPart({ child }: Part): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

/** The figures of one run beside each other; ratios are against the plain pipe. */
export function printProxy(figures: readonly ProxyFigures[]): void {
  const plain = figures[1];
  for (const { name, ...figure } of figures) {
    const ratio = plain ? (figure.cpuPerStreamUs / plain.cpuPerStreamUs).toFixed(2) : "";
    console.log(
      `${name.padEnd(38)} first byte ${figure.firstByteMs.toFixed(2)} ms · JSON ${figure.jsonMs.toFixed(2)} ms · CPU a stream ${figure.cpuPerStreamUs.toFixed(0)} µs (${ratio} x pipe) · a JSON call ${figure.cpuPerJsonUs.toFixed(0)} µs · 500 streams ${figure.megabytes} MB`,
    );
  }
}
