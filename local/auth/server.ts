/**
 * A service with the shape of Supabase Auth (GoTrue), for one machine: the same paths, bodies,
 * errors and tokens, spoken to only through the official client. It opens on 127.0.0.1 only.
 */
import { setTimeout as wait } from "node:timers/promises";

import Fastify, { LogController } from "fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { createAccessTokens } from "./access-token.ts";
import { createClock, minuteMs } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Context } from "./context.ts";
import { openPool, prepareSchema } from "./database.ts";
import { AuthError, toAuthError } from "./errors.ts";
import { createFaultPlan } from "./faults.ts";
import type { Fault } from "./faults.ts";
import { openKeyRing } from "./keys.ts";
import { createLimits } from "./limits.ts";
import { hookSender } from "./mail-hook.ts";
import { startMailSender } from "./mail-sender.ts";
import type { MailSender } from "./mail-sender.ts";
import { createPasswords } from "./passwords.ts";
import { createRedirects } from "./redirects.ts";
import { adminRoutes } from "./routes/admin.ts";
import { controlRoutes } from "./routes/control.ts";
import { mailRequestRoutes } from "./routes/mail-requests.ts";
import { publicRoutes } from "./routes/public.ts";
import { signUpRoute } from "./routes/sign-up.ts";
import { tokenRoute } from "./routes/token.ts";
import { sessionRoutes, userRoutes } from "./routes/user.ts";
import { verifyRoutes } from "./routes/verify.ts";
import { sweep } from "./sweep.ts";

const apiVersion = "2024-01-01";
const prefix = "/auth/v1";
const sweepEveryMs = 10 * minuteMs;
/** Read by people who are not signed in and hold no key: a mail's link, a verifier, a supervisor. */
const keyless = new Set(["/verify", "/.well-known/jwks.json", "/health"]);

export interface AuthServer {
  url: string;
  issuer: string;
  close(): Promise<void>;
}

export async function startAuthServer(config: Config): Promise<AuthServer> {
  const app = Fastify({
    logger: { level: config.logLevel, stream: process.stderr },
    // Its lines hold the query, and the query of a mail's link holds its token.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    requestTimeout: 10_000,
    connectionTimeout: 30_000,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
    // A mail scanner's HEAD must not use up a link.
    exposeHeadRoutes: false,
  });
  const base = { url: "" };
  const context = await createContext(config, app, () => config.publicBase ?? base.url);
  const clean = (): Promise<void> => sweep(context.pool, context.clock);
  addRules(app, context);
  await app.register(async (scope) => addRoutes(scope, context), { prefix });
  if (config.control) controlRoutes(app, context, clean);
  base.url = await app.listen({ host: "127.0.0.1", port: config.port });
  const timer = setInterval(() => {
    clean().catch((error: unknown) => app.log.warn({ err: error }, "sweep failed, will be tried again"));
  }, sweepEveryMs);
  context.mail.wake();
  return {
    url: base.url,
    issuer: `${config.publicBase ?? base.url}${prefix}`,
    async close() {
      clearInterval(timer);
      await app.close();
      await context.mail.stop();
      await context.pool.end();
    },
  };
}

async function createContext(
  config: Config,
  app: FastifyInstance,
  publicBase: () => string,
): Promise<Context> {
  const clock = createClock(config.clockOffsetMs);
  const keys = await openKeyRing({ dataDir: config.dataDir, clock, jwtSeconds: config.jwtSeconds });
  const pool = openPool(config.databaseUrl, (error) =>
    app.log.warn({ err: error }, "a database connection broke"),
  );
  await prepareSchema(pool);
  await sweep(pool, clock);
  const issuer = (): string => `${publicBase()}${prefix}`;
  const mail = openMail({ config, pool, clock, secret: keys.secret, log: app.log, issuer });
  return {
    config,
    switches: { autoconfirm: config.autoconfirm, disableSignup: config.disableSignup },
    pool,
    clock,
    keys,
    tokens: createAccessTokens({ keys, clock, lifetimeSeconds: config.jwtSeconds, issuer }),
    limits: createLimits(clock, config.rateLimitScale),
    passwords: await createPasswords(config.scryptLog2),
    redirects: createRedirects(config.siteUrl, config.redirectUrls),
    mail,
    faults: createFaultPlan(),
    log: app.log,
  };
}

type MailNeeds = Pick<Context, "config" | "pool" | "clock" | "log"> & {
  secret: Buffer;
  issuer: () => string;
};

function openMail({ config, issuer, ...needs }: MailNeeds): MailSender {
  const { siteUrl, smtpUrl, mailFrom: from, mailHook } = config;
  if (mailHook) return hookSender({ ...needs, siteUrl, hook: mailHook });
  return startMailSender({ ...needs, smtpUrl, from, siteUrl, verifyUrl: () => `${issuer()}/verify` });
}

function addRoutes(scope: FastifyInstance, context: Context): void {
  signUpRoute(scope, context);
  tokenRoute(scope, context);
  mailRequestRoutes(scope, context);
  verifyRoutes(scope, context);
  userRoutes(scope, context);
  sessionRoutes(scope, context);
  publicRoutes(scope, context);
  adminRoutes(scope, context);
}

/** What holds for every request: bodies, CORS, the key, faults, errors, one log line. */
function addRules(app: FastifyInstance, context: Context): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    // The official client sends the JSON type also without a body (POST /logout).
    if (body === "") done(null, undefined);
    else void parse(request, String(body), done);
  });
  const spoilt = new WeakMap<FastifyRequest, Fault>();
  app.addHook("onRequest", async (request, reply) => {
    const path = pathOf(request);
    if (!path.startsWith(prefix)) return;
    allowOrigins(reply);
    if (request.method === "OPTIONS") return reply.status(204).send();
    checkApiKey(context, request, path.slice(prefix.length));
    const fault = context.faults.next(path);
    if (fault) await misbehave(fault, request, spoilt);
  });
  app.addHook("onSend", async (request, reply, payload) => {
    const fault = spoilt.get(request);
    if (fault?.kind === "drop") request.raw.socket.destroy();
    if (fault?.kind !== "nonsense") return payload;
    void reply.status(200).header("content-type", "text/html").removeHeader("content-length");
    return "<!doctype html><title>Something else</title>";
  });
  app.addHook("onResponse", async (request, reply) => {
    const fields = { method: request.method, path: pathOf(request), status: reply.statusCode };
    app.log.debug({ ...fields, ms: Math.round(reply.elapsedTime) }, "answered");
  });
  app.setNotFoundHandler(() => {
    throw new AuthError(404, "not_found", "This service has no such endpoint");
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
}

async function misbehave(
  fault: Fault,
  request: FastifyRequest,
  spoilt: WeakMap<FastifyRequest, Fault>,
): Promise<void> {
  if (fault.kind === "delay") await wait(fault.ms);
  else if (fault.kind === "status")
    throw new AuthError(fault.status, "unexpected_failure", "Asked for by a test");
  else if (fault.kind === "hang") {
    // Ends when the caller hangs up or the service closes its connections.
    await new Promise<void>((resolve) => request.raw.socket.once("close", () => resolve()));
  } else spoilt.set(request, fault);
}

/** Any origin: tokens travel in headers, never in cookies, so a foreign page gains nothing. */
function allowOrigins(reply: FastifyReply): void {
  void reply.headers({
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers":
      "Accept, Authorization, Content-Type, X-Client-Info, X-Supabase-Api-Version, apikey",
    "access-control-expose-headers": "X-Total-Count, Link, X-Supabase-Api-Version",
    "access-control-max-age": "600",
    "cache-control": "no-store",
    vary: "Origin",
    "x-content-type-options": "nosniff",
  });
}

function checkApiKey(context: Context, request: FastifyRequest, path: string): void {
  const { publishableKey, secretKey } = context.config;
  if (publishableKey === undefined || keyless.has(path)) return;
  const given = request.headers["apikey"];
  if (given === publishableKey || (given !== undefined && given === secretKey)) return;
  throw new AuthError(401, "no_authorization", given ? "Invalid API key" : "No API key found in request");
}

/** `{code, message}` for clients of the 2024 version, GoTrue's older shape for any other. */
function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toAuthError(error);
  if (known.status >= 500 && !(error instanceof AuthError)) {
    request.log.error({ err: error, path: pathOf(request) }, "request failed");
  }
  const wants = request.headers["x-supabase-api-version"];
  void reply.status(known.status).header("x-sb-error-code", known.code);
  if (typeof wants === "string" && wants >= apiVersion) {
    void reply.header("x-supabase-api-version", apiVersion);
    return reply.send({ code: known.code, message: known.message, ...known.extra });
  }
  return reply.send({ code: known.status, error_code: known.code, msg: known.message, ...known.extra });
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? "";
}
