/**
 * The api in one of its roles: `http` (endpoints, chat, links to the bots), `models` (the proxy
 * between bots and model providers, the only process with provider keys) or `worker` (reconciler,
 * outboxes, sweeps). `node main.ts http worker` runs several in one process.
 */
import { createServer } from "node:http";
import { accountState } from "./accounts/account-state.ts";
import { authHookRoute } from "./accounts/auth-hook-route.ts";
import { accountLoops } from "./accounts/loops.ts";
import { accountRoutes } from "./accounts/routes.ts";
import { passAuthThrough } from "./accounts/pass-auth-through.ts";
import { auditLoops } from "./audit/loops.ts";
import { billingLoops, billingRoutes } from "./billing/routes.ts";
import { keepSnapshots } from "./brain/keep-snapshots.job.ts";
import { brainRoutes } from "./brain/routes.ts";
import { chatRoutes, openChat } from "./chat/routes.ts";
import { systemClock } from "./clock.ts";
import {
  type Config,
  ConfigError,
  environment,
  environmentSecrets,
  readConfig,
  secretsOf,
} from "./config.ts";
import { openDatabase } from "./db/open.ts";
import type { Deps } from "./deps.ts";
import { openEvents } from "./events.ts";
import { armFailpoints } from "./failpoints.ts";
import { fleetLoops, fleetRoutes } from "./fleet/routes.ts";
import { createAuthenticator } from "./http/authenticate.ts";
import { buildServer } from "./http/build-server.ts";
import { healthRoutes } from "./http/health-routes.ts";
import { openapiRoutes } from "./http/openapi.ts";
import { startBeats } from "./jobs/beats.ts";
import { createLog } from "./log.ts";
import { mailLoops } from "./mail/loops.ts";
import { mailRoutes } from "./mail/routes.ts";
import { authenticateBot } from "./models/authenticate-bot.ts";
import { modelsLoops } from "./models/loops.ts";
import { startModels } from "./models/server.ts";
import { usageRoutes } from "./usage/routes.ts";
import { waitlistLoops } from "./waitlist/loops.ts";
import { waitlistRoutes } from "./waitlist/routes.ts";

const roleNames = ["http", "models", "worker"] as const;
type Role = (typeof roleNames)[number];

/** Connections by role; 3 roles x instances must stay below the server's limit. */
const POOL = { http: 20, models: 20, worker: 10 } as const;
/** After this the process ends even if something hangs; the supervisor would kill it anyway. */
const DRAIN_MS = 9_000;

type Stop = () => Promise<void>;

async function startHttp(deps: Deps): Promise<Stop> {
  const { config, clock, log } = deps;
  const app = await buildServer(deps);
  const authenticator = createAuthenticator({
    config,
    clock,
    findBot: (key) => authenticateBot(deps, key),
    accountState: (userId) => accountState(deps.db, userId),
  });
  const server = { app, authenticator };
  healthRoutes(server, deps);
  openapiRoutes(app, config.urls.api, config.version);
  await passAuthThrough(app, deps);
  authHookRoute(app, deps);
  accountRoutes(server, deps);
  billingRoutes(server, deps);
  fleetRoutes(server, deps);
  usageRoutes(server, deps);
  waitlistRoutes(server, deps);
  mailRoutes(server, deps);
  const chat = openChat(deps, { server: app.server, authenticator });
  chatRoutes(server, deps);
  brainRoutes(server, deps, chat.links);
  const minds = keepSnapshots(deps, chat.links);
  await app.listen({ host: config.http.host, port: config.http.port });
  log.info({ port: config.http.port }, "http is listening");
  return async () => {
    await minds.stop();
    await chat.close();
    await app.close();
  };
}

async function startModelProxy(deps: Deps): Promise<Stop> {
  const { config, log } = deps;
  const proxy = await startModels(deps, {
    host: config.http.host,
    port: config.http.modelsPort,
    env: environment(),
  });
  log.info({ port: config.http.modelsPort }, "the model proxy is listening");
  return () => proxy.stop();
}

async function startWorker(deps: Deps): Promise<Stop> {
  const { config, log } = deps;
  const loops = [
    startBeats(deps),
    ...auditLoops(deps),
    ...accountLoops(deps),
    ...billingLoops(deps),
    ...fleetLoops(deps),
    ...mailLoops(deps),
    ...modelsLoops(deps),
    ...waitlistLoops(deps),
  ];
  // Only health: for the supervisor, and for an operator's probe.
  const health = createServer((request, response) => {
    response
      .writeHead(request.url === "/healthz" ? 200 : 404, { "content-type": "application/json" })
      .end('{"ok":true}');
  });
  await new Promise<void>((resolve) => health.listen(config.http.workerPort, config.http.host, resolve));
  log.info({ loops: loops.length }, "the worker is at work");
  return async () => {
    await Promise.all(loops.map((loop) => loop.stop()));
    health.closeAllConnections();
    await new Promise((resolve) => health.close(resolve));
  };
}

const starters: Record<Role, (deps: Deps) => Promise<Stop>> = {
  http: startHttp,
  models: startModelProxy,
  worker: startWorker,
};

async function main(): Promise<void> {
  const roles = roleNames.filter((name) => process.argv.slice(2).includes(name));
  if (roles.length === 0) throw new ConfigError(`Say which role to run: ${roleNames.join(", ")}.`);
  const config: Config = readConfig(environment());
  armFailpoints(config.failpoints);
  const secrets = [...secretsOf(config), ...environmentSecrets(environment())];
  const log = createLog(secrets, config.logLevel).child({ role: roles.join("+") });
  const clock = systemClock(config.clockOffsetMs);
  const max = roles.reduce((sum, role) => sum + POOL[role], 0);
  const onIdleError = (err: Error) => log.warn({ err }, "lost an idle database connection");
  const prepare = roles.every((role) => role === "models"); // a few statements, all day long
  const name = `molt-${roles.join("-")}`;
  const db = openDatabase(config.database.url, { name, max, prepare, onIdleError });
  const events = await openEvents({ url: config.database.url, log, clock });
  const deps: Deps = { config, db, log, clock, events };
  const stops: Stop[] = [];
  for (const role of roles) stops.push(await starters[role](deps));

  const stop = async (signal: NodeJS.Signals) => {
    log.info({ signal }, "stopping");
    setTimeout(() => process.exit(1), DRAIN_MS).unref();
    await Promise.all(stops.map((end) => end()));
    await events.close();
    await db.destroy();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, (name) => void stop(name));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
