/** A fleet for one test: real Postgres, local/machines as a process, scripted bots, short patience. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Deps } from "../../deps.ts";
import type { BotDoor } from "../../link/probe-gateway.ts";
import { freshDatabase } from "../../testing/database.ts";
import { makeUser, testDeps } from "../../testing/deps.ts";
import { startStandIn } from "../../testing/stand-in.ts";
import { askForBot } from "../ask-for-bot.ts";
import type { FleetTools } from "../held-bot.ts";
import { fleetLimits, type FleetLimits } from "../limits.ts";
import { fleetTools, reconcileLoop } from "../reconcile-bots.job.ts";
import type { BotRow } from "../table.ts";

const token = "fly-test-token";
const image = "molt-bot:test";

export interface Hello {
  bootId: string;
  version: string;
  pid: number;
  env: Record<string, string>;
}

export interface Accepted {
  method: string;
  path: string;
  answered: boolean;
}

export interface TestFleet {
  deps: Deps;
  tools: FleetTools;
  dataDir: string;
  /** A worker: the reconciler's loop, ended with the test. */
  worker(tools?: FleetTools): { stop(): Promise<void> };
  faults(plan: { rules?: object[]; knobs?: object; seed?: number }): Promise<void>;
  /** What the machines host really did, changes only. */
  truth(): Promise<Accepted[]>;
  /** The Machines API as an operator's script would use it. */
  call(line: string, body?: object): Promise<{ status: number; body: unknown }>;
  /** Asks for a bot of a new user. */
  ask(): Promise<{ botId: string; userId: string }>;
  row(botId: string): Promise<BotRow>;
  /** The row as soon as the condition holds. */
  until(botId: string, holds: (row: BotRow) => boolean): Promise<BotRow>;
  hello(bot: BotDoor): Promise<Hello>;
}

const patience: FleetLimits = {
  ...fleetLimits,
  claimEveryMs: 50,
  retryMs: 20,
  retryMaxMs: 200,
  pollMs: 30,
  lookAwakeMs: 200,
};
const testTimeoutMs = 30_000;
const appList = z.object({ apps: z.array(z.object({ name: z.string() })) });

let host: { url: string; proxyUrl: string; dataDir: string } | undefined;

/** One machines host for all tests of a file: started before the first, ended after the last. */
export function sharedMachines(): void {
  const cleanups: (() => unknown)[] = [];
  // What the helpers need of a test's context is its `after`.
  const file = { after: (clean: () => unknown) => void cleanups.push(clean) } as unknown as TestContext;
  after(async () => {
    for (const clean of cleanups.toReversed()) await clean();
  });
  before(async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "fleet-"));
    cleanups.push(() => rm(dataDir, { recursive: true, force: true }));
    const bot = fileURLToPath(new URL("./scripted-bot.ts", import.meta.url));
    const { url } = await freshDatabase(file);
    const standIn = await startStandIn(file, "machines", {
      DATABASE_URL: url,
      DATA_DIR: dataDir,
      TOKEN: token,
      ORG: "molt",
      IMAGES: JSON.stringify({ [image]: { command: [process.execPath, bot] } }),
    });
    host = { url: standIn.url, proxyUrl: String(standIn.ready["proxyUrl"]), dataDir };
  });
}

export async function testFleet(
  t: TestContext,
  options: {
    limits?: Partial<FleetLimits>;
    env?: Record<string, string>;
    clock?: Deps["clock"];
    logLevel?: string;
  } = {},
): Promise<TestFleet> {
  if (host === undefined) throw new Error("call sharedMachines() at the top of the file");
  const { url, proxyUrl, dataDir } = host;
  const workersOfTest: { stop(): Promise<void> }[] = [];
  const api = operator(url);
  // Hooks run in the order they are given: workers first, then their database.
  t.after(async () => {
    for (const worker of workersOfTest) await worker.stop();
    await api.clean();
  });
  const deps = await testDeps(t, {
    env: {
      FLY_FLAPS_BASE_URL: url,
      FLY_API_TOKEN: token,
      BOT_IMAGE: image,
      FLYCAST_DIAL_URL: proxyUrl,
      ...options.env,
    },
    logLevel: options.logLevel ?? "silent",
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  const hello = (door: BotDoor) => sayHello(proxyUrl, door);
  const tools: FleetTools = {
    ...fleetTools(deps),
    probe: (_deps, door) => hello(door),
    limits: { ...patience, ...options.limits },
  };
  const worker = (own: FleetTools = tools) => {
    const loop = reconcileLoop(deps, own);
    workersOfTest.push(loop);
    return loop;
  };
  return { deps, tools, dataDir, hello, ...api, ...rows(deps), worker };
}

function operator(url: string) {
  const call = async (line: string, body?: object) => {
    const [method = "GET", path = ""] = line.split(" ");
    const response = await fetch(`${url}${path.startsWith("/__") ? "" : "/v1"}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(testTimeoutMs),
    });
    const text = await response.text();
    const answer: unknown = text === "" ? undefined : JSON.parse(text);
    return { status: response.status, body: answer };
  };
  return {
    call,
    /** No faults, no truth, and none of the machines that a test made. */
    async clean() {
      await call("PUT /__control/faults", {});
      const { body } = await call("GET /apps?org_slug=molt");
      const { apps } = appList.parse(body);
      await Promise.all(apps.map(({ name }) => call(`DELETE /apps/${name}?force=true`)));
      await call("DELETE /__control/truth");
    },
    faults: async (plan: object) => {
      const { status, body } = await call("PUT /__control/faults", plan);
      if (status !== 200) throw new Error(`the fault plan was refused: ${JSON.stringify(body)}`);
    },
    // The control path of our own stand-in answers what local/machines/control.ts says.
    truth: async () => (await call("GET /__control/truth")).body as Accepted[],
  };
}

function rows(deps: Deps) {
  const row = (botId: string): Promise<BotRow> =>
    deps.db.selectFrom("app.bots").selectAll().where("id", "=", botId).executeTakeFirstOrThrow();
  return {
    row,
    async ask() {
      const userId = await makeUser(deps);
      await deps.db.transaction().execute((trx) => askForBot(deps, trx, userId));
      const { id } = await deps.db
        .selectFrom("app.bots")
        .select("id")
        .where("user_id", "=", userId)
        .executeTakeFirstOrThrow();
      return { botId: id, userId };
    },
    async until(botId: string, holds: (row: BotRow) => boolean): Promise<BotRow> {
      const giveUpAt = performance.now() + testTimeoutMs;
      for (;;) {
        const now = await row(botId);
        if (holds(now)) return now;
        if (performance.now() > giveUpAt)
          throw new Error(`still ${now.status}/${now.step}, wanted ${now.desired}: ${holds.toString()}`);
        await nextEvent(deps, botId);
      }
    },
  };
}

/** The next time anything is said about the bot, or a tenth of a second. */
async function nextEvent(deps: Deps, botId: string): Promise<void> {
  const heard = new AbortController();
  const end = deps.events.subscribe("bot", (event) => {
    if (event.botId === botId) heard.abort();
  });
  const deadline = AbortSignal.timeout(100);
  await new Promise<void>((resolve) => {
    heard.signal.addEventListener("abort", () => resolve(), { once: true });
    deadline.addEventListener("abort", () => resolve(), { once: true });
  });
  end();
}

function sayHello(proxyUrl: string, door: BotDoor): Promise<Hello> {
  return new Promise((resolve, reject) => {
    const headers = { host: `${door.flyAppId}.flycast`, authorization: `Bearer ${door.gatewayToken}` };
    const sent = request(
      new URL("/hello", proxyUrl),
      { headers, agent: false, timeout: 5000 },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => {
          if (response.statusCode === 200) resolve({ version: "test", ...JSON.parse(text) });
          else reject(new Error(`hello was answered with ${response.statusCode}`));
        });
      },
    );
    sent.on("error", reject).end();
  });
}

export const boots = async (fleet: TestFleet, row: BotRow): Promise<number> =>
  (await readFile(join(fleet.dataDir, "volumes", row.volume_id ?? "", "boots"), "utf8")).trim().split("\n")
    .length;
