/** The proxy in front of the model stand-in, with a paying user's bot: what the fault tests stand on. */
import { createHash, randomBytes } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import type { TestContext } from "node:test";
import type { Selectable } from "kysely";
import type { UsageLogTable } from "../../db/types.ts";
import type { Deps } from "../../deps.ts";
import { makeUser, testDeps } from "../../testing/deps.ts";
import { type StandIn, startStandIn } from "../../testing/stand-in.ts";
import type { Limits } from "../limiter.ts";
import { type ModelsServer, startModels } from "../server.ts";

export const PROVIDER_KEY = "sk-ant-test-0123456789abcdef";

export interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  text: string;
  /** The connection ended before the answer did. */
  wasCut: boolean;
}

export interface TruthEntry {
  requestId: string;
  model: string;
  usage: { uncached: number; cacheRead: number; cacheWrite5m: number; cacheWrite1h: number; output: number };
  /** SHA-256 of the body as the stand-in meant to send it. */
  sha256: string;
}

export interface TestBot {
  id: string;
  userId: string;
  key: string;
}

export interface TestProxy {
  deps: Deps;
  standIn: StandIn;
  proxy: ModelsServer;
  bot: TestBot;
  /** What the proxy was started with; for a second one beside it. */
  env: Record<string, string>;
  /** Sends JSON and reads the whole answer. */
  call(path: string, body: unknown, options?: CallOptions): Promise<Answer>;
  control(...faults: Record<string, unknown>[]): Promise<void>;
  truth(): Promise<TruthEntry[]>;
  /** All rows of the ledger, oldest first, once none is open any more. */
  settledRows(count: number): Promise<Selectable<UsageLogTable>[]>;
}

export interface CallOptions {
  key?: string;
  headers?: Record<string, string>;
  /** Hangs up after so many bytes of the answer. */
  leaveAfterBytes?: number;
  signal?: AbortSignal;
}

export interface TestProxyOptions {
  /** Added to the providers' environment. */
  env?: Record<string, string>;
  standIn?: Record<string, string>;
  limits?: Limits;
  /** Added to what the api's configuration is read from. */
  config?: Record<string, string>;
}

export async function testProxy(t: TestContext, options: TestProxyOptions = {}): Promise<TestProxy> {
  let proxy: ModelsServer | undefined;
  // First, so that the proxy stops before its database does.
  t.after(() => proxy?.stop());
  const [deps, standIn] = await Promise.all([
    testDeps(t, { env: options.config ?? {} }),
    startStandIn(t, "models", { API_KEY: PROVIDER_KEY, DELAY_MS: "0", ...options.standIn }),
  ]);
  const bot = await makeBot(deps);
  const providers = {
    ANTHROPIC_API_KEY: PROVIDER_KEY,
    ANTHROPIC_BASE_URL: standIn.url,
    OPENAI_API_KEY: PROVIDER_KEY,
    OPENAI_BASE_URL: `${standIn.url}/v1`,
    MOLT_DEMO_MODEL_URL: standIn.url,
    MOLT_DEMO_MODEL_KEY: PROVIDER_KEY,
    ...options.env,
  };
  const limits = options.limits ?? { concurrent: 1_000, perMinute: 100_000 };
  proxy = await startModels(deps, { host: "127.0.0.1", port: 0, env: providers, limits });
  const { url } = proxy;
  return {
    deps,
    standIn,
    proxy,
    bot,
    env: providers,
    call: (path, body, options = {}) => send(url + path, body, { key: bot.key, ...options }),
    async control(...faults) {
      await send(`${standIn.url}/__control`, { faults }, {});
    },
    async truth() {
      const { text } = await send(`${standIn.url}/__truth`, undefined, { headers: {} });
      return (JSON.parse(text) as { entries: TruthEntry[] }).entries; // the stand-in's own shape
    },
    settledRows: (count) => settledRows(deps, count),
  };
}

/** A bot that may spend. */
export async function makeBot(deps: Deps): Promise<TestBot> {
  const userId = await makeUser(deps);
  const key = `molt_${randomBytes(32).toString("base64url")}`;
  await deps.db
    .updateTable("app.users")
    .set({ subscription_status: "active" })
    .where("id", "=", userId)
    .execute();
  const { id } = await deps.db
    .insertInto("app.bots")
    .values({ user_id: userId, status: "running", model_key_hash: createHash("sha256").update(key).digest() })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { id, userId, key };
}

/** GET without a body, POST with one. Rejects only when the server cannot be reached. */
export function send(url: string, body: unknown, options: CallOptions): Promise<Answer> {
  const bytes =
    body === undefined ? undefined : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const headers = {
    ...(options.key === undefined ? {} : { "x-api-key": options.key }),
    ...(bytes ? { "content-type": "application/json", "content-length": bytes.length } : {}),
    ...options.headers,
  };
  let answered = false;
  return new Promise((resolve, reject) => {
    const req = request(
      url,
      {
        method: bytes ? "POST" : "GET",
        headers,
        agent: false,
        ...(options.signal ? { signal: options.signal } : {}),
      },
      (res) => {
        answered = true;
        const chunks: Buffer[] = [];
        let size = 0;
        const done = (wasCut: boolean) => {
          resolve({
            status: res.statusCode ?? 0,
            headers: res.headers,
            text: Buffer.concat(chunks).toString(),
            wasCut,
          });
        };
        res.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (options.leaveAfterBytes !== undefined && size >= options.leaveAfterBytes) req.destroy();
        });
        res.on("error", () => undefined); // `close` tells
        res.on("close", () => done(!res.complete));
      },
    );
    req.on("error", (error) => {
      // Hanging up on purpose is no failure; before an answer it is one.
      if (!answered) reject(error);
    });
    req.end(bytes);
  });
}

/** Polls the database: what was written is told by nothing but the database itself. */
async function settledRows(deps: Deps, count: number): Promise<Selectable<UsageLogTable>[]> {
  for (let attempt = 0; ; attempt += 1) {
    const rows = await deps.db.selectFrom("app.usage_logs").selectAll().orderBy("timestamp").execute();
    const isDone = rows.length >= count && rows.every((row) => row.state !== "reserved");
    if (isDone || attempt > 500) return rows;
    await deps.clock.sleep(10);
  }
}
