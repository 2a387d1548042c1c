/**
 * A mail server and its mailbox for one machine: whatever is sent is shown, nothing is delivered.
 * Both listen on 127.0.0.1 only.
 */
import Fastify, { LogController } from "fastify";
import type { FastifyInstance } from "fastify";

import type { Config } from "./config.ts";
import { createFaultPlan, InvalidControl, readFaults } from "./faults.ts";
import type { FaultPlan } from "./faults.ts";
import { startMailServer } from "./smtp.ts";
import { openStore } from "./store.ts";
import { createWatchers } from "./watchers.ts";
import { apiRoutes, assetRoutes, InvalidQuery, pageRoutes } from "./web.ts";

export interface Mailbox {
  url: string;
  smtpUrl: string;
  close(): Promise<void>;
}

export async function startMailbox(config: Config): Promise<Mailbox> {
  const app = Fastify({
    logger: { level: config.logLevel, stream: process.stderr },
    // Its lines hold the query, and the query holds addresses.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    requestTimeout: 10_000,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
    forceCloseConnections: true,
  });
  const store = await openStore(config.databaseUrl, (error) =>
    app.log.warn({ err: error }, "a database connection broke"),
  );
  const watchers = createWatchers();
  const faults = createFaultPlan();
  addRules(app);
  pageRoutes(app, { store, watchers });
  apiRoutes(app, { store, watchers });
  await assetRoutes(app);
  if (config.control) controlRoutes(app, faults);
  const smtp = await startMailServer({
    port: config.smtpPort,
    store,
    faults,
    log: app.log,
    onMail: (id) => {
      store.get(id).then(
        (mail) => watchers.tell("mail", { id, subject: mail?.subject ?? "" }),
        // The page looks by itself when it is next told, or loaded.
        (error: unknown) => app.log.warn({ err: error }, "open pages were not told of a mail"),
      );
    },
  });
  const url = await app.listen({ host: "127.0.0.1", port: config.port });
  return {
    url,
    smtpUrl: `smtp://127.0.0.1:${smtp.port}`,
    async close() {
      watchers.close();
      await smtp.close();
      await app.close();
      await store.close();
    },
  };
}

const ownNames = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** What holds for every request. */
function addRules(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    void reply.headers({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    });
    // Codes are in here: a foreign name that was pointed at this machine (DNS rebinding) gets nothing.
    const name = (request.headers.host ?? "").replace(/:\d+$/, "");
    if (!ownNames.has(name)) {
      return reply.status(421).send({ code: "wrong_host", message: "This mailbox is only for this machine" });
    }
  });
  app.setNotFoundHandler((_request, reply) => {
    void reply.status(404).send({ code: "not_found", message: "There is no such page" });
  });
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof InvalidQuery || error instanceof InvalidControl) {
      return reply.status(400).send({ code: "invalid_input", message: error.message });
    }
    const status = statusOf(error);
    if (status >= 500) app.log.error({ err: error }, "request failed");
    const message = status >= 500 ? "The mailbox cannot be read right now" : "Bad request";
    return reply.status(status).send({ code: status >= 500 ? "unavailable" : "invalid_input", message });
  });
}

/** GET and POST /__control, only with CONTROL=1: the fault plan of the next mails. */
function controlRoutes(app: FastifyInstance, faults: FaultPlan): void {
  app.get("/__control", async () => ({ faults: faults.list() }));
  app.post("/__control", async (request) => {
    faults.set(readFaults(request.body));
    return { faults: faults.list() };
  });
}

function statusOf(error: unknown): number {
  const status =
    typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : 503;
  return typeof status === "number" && status >= 400 ? status : 503;
}
