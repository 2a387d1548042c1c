/** The http server around the features: limits, headers, one error envelope, no query strings in logs. */
import { randomUUID } from "node:crypto";
import cors from "@fastify/cors";
import rateLimit from "@fastify/rate-limit";
import { errorTable, type ErrorBody } from "@molt/contract";
import Fastify, { type FastifyError, type FastifyInstance, LogController } from "fastify";
import type { Config } from "../config.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import type { Logger } from "../log.ts";

/** Requests a minute and address. Signed-in screens make about ten; the rest is room for shared addresses. */
const REQUESTS_PER_MINUTE = 600;

export async function buildServer({ config, log }: Deps): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: log.child({ part: "http" }) as unknown as FastifyInstance["log"], // the same pino, another copy of its type
    // Written by the onResponse hook below, without query strings.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    trustProxy: config.http.trustedProxies.length > 0 ? config.http.trustedProxies : false,
    bodyLimit: 256 * 1024,
    // The defaults wait for ever for a slow sender (F81).
    requestTimeout: 10_000,
    connectionTimeout: 60_000,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
    routerOptions: { ignoreTrailingSlash: false },
  });
  await addGuards(app, config);
  addRequestHooks(app, { config, log });
  addErrorHandlers(app, log);
  return app;
}

async function addGuards(app: FastifyInstance, config: Config): Promise<void> {
  await app.register(cors, {
    origin: config.http.allowedOrigins,
    methods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    allowedHeaders: [
      "Accept",
      "Authorization",
      "Content-Type",
      "X-Client-Info",
      "X-Supabase-Api-Version",
      "apikey",
    ],
    exposedHeaders: ["X-Total-Count", "Link", "X-Supabase-Api-Version"],
    maxAge: 600,
  });
  await app.register(rateLimit, {
    max: REQUESTS_PER_MINUTE,
    timeWindow: 60_000,
    allowList: (request) => request.url === "/healthz" || request.url === "/readyz",
    errorResponseBuilder: () => new AppError("rate_limited", "Too many requests. Please wait a moment."),
  });
}

function addRequestHooks(app: FastifyInstance, { config, log }: Pick<Deps, "config" | "log">): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "x-request-id": request.id,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "cross-origin",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      ...(config.production ? { "strict-transport-security": "max-age=31536000; includeSubDomains" } : {}),
    });
  });
  app.addHook("onResponse", async (request, reply) => {
    log.debug(
      {
        requestId: request.id,
        method: request.method,
        path: request.url.split("?")[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      "answered",
    );
  });
}

function addErrorHandlers(app: FastifyInstance, log: Logger): void {
  app.setNotFoundHandler(() => {
    throw new AppError("not_found", "There is nothing at this address.");
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = toAppError(error);
    const path = request.url.split("?")[0];
    const line = {
      requestId: request.id,
      method: request.method,
      path,
      code: known.code,
      detail: known.detail,
    };
    if (known.status >= 500) log.error({ ...line, err: error }, "request failed");
    else log.debug(line, "request refused");
    const body: ErrorBody = {
      error: {
        code: known.code,
        message: known.message,
        requestId: request.id,
        retryable: known.retryable,
        ...(known.reason ? { reason: known.reason } : {}),
      },
    };
    return reply.status(known.status).send(body);
  });
}

/** Anything that is not ours becomes one of ours; only its status is believed, never its words. */
function toAppError(error: FastifyError): AppError {
  if (error instanceof AppError) return error;
  const status = error.statusCode ?? 500;
  if (status === 413) return new AppError("too_large", "That is too large.", { cause: error });
  if (status === errorTable.rate_limited.status)
    return new AppError("rate_limited", "Too many requests. Please wait a moment.", { cause: error });
  if (status >= 400 && status < 500)
    return new AppError("invalid_input", "The request could not be read.", { cause: error });
  if (isDatabaseDown(error))
    return new AppError("unavailable", "We cannot reach our records right now. Please try again.", {
      cause: error,
    });
  return new AppError("internal", "Something went wrong on our side. It has been noted.", { cause: error });
}

/** Connection lost, starting up, read-only after a failover, too many clients (runtime.md, section 3). */
const TRANSIENT = new Set([
  "57P01",
  "57P02",
  "57P03",
  "25006",
  "53300",
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
]);

function isDatabaseDown(error: { code?: string; message: string }): boolean {
  return (
    TRANSIENT.has(error.code ?? "") ||
    /timeout exceeded when trying to connect|Connection terminated/.test(error.message)
  );
}
