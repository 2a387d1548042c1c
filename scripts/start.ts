/**
 * `npm start`: all of Molt-OS on this machine. Starts the database, a stand-in for every outside
 * service that the environment does not name, the api in its three roles, and the two web sites;
 * says what it does while it does it, and ends everything it started when it is told to stop.
 */
import { existsSync, readFileSync } from "node:fs";
import { cp, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ConfigError } from "../apps/api/src/config.ts";
import { migrate } from "../apps/api/src/db/migrate.ts";
import { type RunningPostgres, startPostgres } from "../local/postgres/postgres.ts";
import { prepareDatabase } from "../local/postgres/prepare.ts";
import {
  endLeftovers,
  localSecrets,
  lockDataDir,
  openDataDir,
  recordProcesses,
  StartError,
} from "./lib/data-dir.ts";
import {
  apiEnvironment,
  at,
  DATABASE,
  modelsEnvironment,
  type Plan,
  planServices,
  portsFrom,
  standInEnvironment,
} from "./lib/environment.ts";
import { announce } from "./lib/announce.ts";
import { BOT_CACHE, letBotsRead } from "./lib/bot-cache.ts";
import { checkPorts, readPortBase } from "./lib/check-ports.ts";
import { createProgress } from "./lib/progress.ts";
import { run } from "./lib/run.ts";
import { Supervisor } from "./lib/supervisor.ts";
import { buildSite, root, sites } from "./lib/web-build.ts";

const json = process.argv.includes("--json");
const progress = createProgress();
const env = process.env;

/** Undone in reverse order, whatever happens. */
const cleanups: (() => Promise<void>)[] = [];
let stopping: Promise<void> | undefined;

function stop(): Promise<void> {
  stopping ??= (async () => {
    for (const cleanup of cleanups.toReversed())
      await cleanup().catch((error: Error) => progress.say(error.message));
  })();
  return stopping;
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!stopping) progress.say("stopping …");
    void stop().then(() => process.exit(0));
  });
}
// The process that npm started is gone without a word: so are we.
process.once("disconnect", () => void stop().then(() => process.exit(0)));

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

try {
  await main();
} catch (error) {
  progress.fail();
  const expected = error instanceof StartError || error instanceof ConfigError;
  console.error(
    `\n  ${expected ? error.message : error instanceof Error ? (env["DEBUG"] ? error.stack : error.message) : String(error)}\n`,
  );
  await stop();
  process.exit(1);
}

async function main(): Promise<void> {
  const began = performance.now();
  const plan = await progress.step("preparing", prepare);
  const { dataDir } = plan;
  // Postgres keeps a record of its own (postmaster.pid) and is not in this list.
  const supervisor = new Supervisor(
    join(dataDir, "logs"),
    () => void recordProcesses(dataDir, Object.values(supervisor.pids())),
  );
  const { postgres, databaseUrl } = await progress.step("database", () => startDatabase(plan));
  // Side by side: the stand-ins are up long before a first web build is done.
  const [unwalled, folders] = await Promise.all([
    startStandIns(supervisor, plan, databaseUrl),
    buildSites(plan),
    plan.standIns.machines ? warmBots() : undefined,
  ]);
  await startProduct(supervisor, { plan, databaseUrl, folders });
  announce({
    json,
    version,
    plan,
    unwalled,
    began,
    pids: { start: process.pid, ...(postgres ? { postgres: postgres.pid } : {}), ...supervisor.pids() },
  });
  // A database that is gone takes everything with it: better a clear end than a hundred errors.
  void postgres?.exited.then(() => {
    if (stopping) return;
    console.error(
      "\n  The database ended unexpectedly. Starting Molt-OS again continues with the same data.\n",
    );
    void stop().then(() => process.exit(1));
  });
}

async function prepare(): Promise<Plan> {
  const dataDir = resolve(env["MOLT_DATA_DIR"] ?? join(root, ".molt"));
  const ports = portsFrom(readPortBase(env));
  await openDataDir(dataDir);
  cleanups.push(await lockDataDir(dataDir));
  const leftovers = await endLeftovers(dataDir);
  if (leftovers > 0) progress.say(`ended ${leftovers} processes of a run that was killed`);
  const plan = planServices(env, { ports, dataDir, secrets: await localSecrets(dataDir) });
  await checkPorts(plan);
  return plan;
}

interface RunningDatabase {
  /** Undefined where DATABASE_URL names a database of somebody else's. */
  postgres: RunningPostgres | undefined;
  databaseUrl: string;
}

async function startDatabase(plan: Plan): Promise<RunningDatabase> {
  if (!plan.standIns.database) {
    const databaseUrl = env["DATABASE_URL"] ?? "";
    await migrate(databaseUrl);
    return { postgres: undefined, databaseUrl };
  }
  const postgres = await startPostgres({
    dataDir: join(plan.dataDir, "postgres"),
    port: plan.ports.postgres,
  });
  cleanups.push(() => postgres.stop());
  await prepareDatabase(postgres.url, DATABASE);
  const databaseUrl = postgres.url(DATABASE);
  await migrate(databaseUrl);
  return { postgres, databaseUrl };
}

/** @returns why bots have no room of their own on this machine, or undefined where they have one. */
async function startStandIns(
  supervisor: Supervisor,
  plan: Plan,
  databaseUrl: string,
): Promise<string | undefined> {
  const environments = standInEnvironment(env, plan, databaseUrl);
  const folders = {
    auth: "auth",
    billing: "stripe",
    machines: "machines",
    models: "models",
    mail: "mail",
  } as const;
  const names = (Object.keys(folders) as (keyof typeof folders)[]).filter((name) => plan.standIns[name]);
  cleanups.push(() => supervisor.stop(names));
  const started = await progress.step(
    names.length > 0 ? `stand-ins for ${names.join(", ")}` : "outside services",
    () =>
      Promise.all(
        names.map((name) =>
          supervisor.start({
            name,
            command: [process.execPath, join(root, "local", folders[name], "main.ts")],
            env: environments[name],
            cwd: root,
            ready: { kind: "line" },
          }),
        ),
      ),
  );
  // local/machines/room.ts says it in its ready line.
  const walls = started.find(({ name }) => name === "machines")?.line["walls"] as
    | { kind: string; reason?: string }
    | undefined;
  return walls?.kind === "none" ? (walls.reason ?? "unknown") : undefined;
}

/** Saves each bot 4 s of its birth; without it bots are born all the same, so nothing here stops a start. */
async function warmBots(): Promise<void> {
  if (existsSync(BOT_CACHE)) return letBotsRead(BOT_CACHE);
  await progress.step("bot software, compiled once", async () => {
    const unfinished = `${BOT_CACHE}.${process.pid}`;
    try {
      const { ok, output } = await run([
        process.execPath,
        join(root, "bot/warm-compile-cache.ts"),
        unfinished,
      ]);
      if (!ok) throw new Error(output.trim().slice(-300));
      await letBotsRead(unfinished);
      if (!existsSync(BOT_CACHE)) await rename(unfinished, BOT_CACHE);
      await rm(unfinished, { recursive: true, force: true });
    } catch (error) {
      progress.say(`could not compile it ahead, so bots take longer to be born: ${(error as Error).message}`);
    }
  });
}

/** @returns the folder that each site is served from. */
async function buildSites({ dataDir }: Plan): Promise<Record<string, string>> {
  const folders: Record<string, string> = {};
  for (const site of sites) {
    folders[site.name] = await progress.step(site.name === "app" ? "web app" : "landing page", async () => {
      const built = await buildSite(site, progress.say);
      // A copy of its own: a later start of this checkout may build anew and drop what this one serves.
      const served = join(dataDir, "web", site.name);
      await rm(served, { recursive: true, force: true });
      await cp(built, served, { recursive: true });
      return served;
    });
  }
  return folders;
}

interface ProductOptions {
  plan: Plan;
  databaseUrl: string;
  folders: Record<string, string>;
}

async function startProduct(
  supervisor: Supervisor,
  { plan, databaseUrl, folders }: ProductOptions,
): Promise<void> {
  const api = { ...apiEnvironment(env, plan, databaseUrl), MOLT_VERSION: version };
  const main = join(root, "apps/api/src/main.ts");
  const role = (name: string, environment: Record<string, string>, port: number) => ({
    name,
    command: [process.execPath, main, name === "api" ? "http" : name],
    env: environment,
    cwd: root,
    ready: { kind: "url", url: `${at(port)}/healthz` } as const,
  });
  cleanups.push(() => supervisor.stop(["web", "api", "worker", "models-proxy"]));
  await progress.step("api", async () => {
    await Promise.all([
      supervisor.start(role("api", api, plan.ports.api)),
      supervisor.start(role("worker", api, plan.ports.worker)),
      supervisor.start({
        ...role("models", modelsEnvironment(env, plan, api), plan.ports.modelProxy),
        name: "models-proxy",
      }),
      supervisor.start({
        name: "web",
        command: [process.execPath, join(root, "scripts/web-server.ts")],
        env: {
          PATH: env["PATH"] ?? "",
          API_URL: plan.urls.api,
          APP_URL: plan.urls.app,
          LANDING_URL: plan.urls.landing,
          APP_FOLDER: folders["app"] ?? "",
          LANDING_FOLDER: folders["landing"] ?? "",
        },
        cwd: root,
        ready: { kind: "line" },
      }),
    ]);
  });
}
