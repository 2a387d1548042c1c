/** The Machines API over HTTP: authentication, errors in Fly's shape, and the faults of a test. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import Fastify from "fastify";
import type { FastifyInstance } from "fastify";
import { appRoutes } from "./app-routes.ts";
import { Control } from "./control.ts";
import { FlyError } from "./fly-error.ts";
import type { Host } from "./host.ts";
import { machineRoutes } from "./machine-routes.ts";
import type { Walls } from "./room.ts";

export function buildServer(host: Host, walls: Walls): FastifyInstance {
  const server = Fastify({
    bodyLimit: 1024 * 1024,
    requestTimeout: 0,
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, strict: false } },
  });
  server.addHook("onRequest", async (request, reply) => {
    void reply.header("fly-request-id", `${randomBytes(13).toString("hex")}-local`);
    if (request.url === "/health") return;
    if (!tokenMatches(request.headers.authorization, host.settings.token))
      await reply.code(401).send({ error: "unauthenticated: the token is missing or wrong" });
  });
  server.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof FlyError) return reply.code(error.http).send(error.body());
    const status = error.statusCode ?? 500;
    if (status >= 500)
      host.log("a request failed", { method: request.method, path: request.url, err: error });
    return reply
      .code(status)
      .send({ error: status >= 500 ? "internal: see the host's log" : `invalid_argument: ${error.message}` });
  });
  server.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ error: "not_found: no such call" }),
  );
  if (host.settings.control) {
    const control = new Control(host);
    control.routes(server);
    server.addHook("preHandler", async (request, reply) => {
      if (request.url.startsWith("/v1/") && (await control.before(request, reply))) return reply;
      return undefined;
    });
    server.addHook("onSend", async (request, reply, payload) =>
      request.url.startsWith("/v1/") ? control.after(request, reply, payload) : payload,
    );
  }
  server.get("/health", async () => ({
    ok: true,
    driver: host.driver.name,
    isolation: walls.kind === "none" ? "none" : "rooms",
    note:
      walls.kind === "none"
        ? `Stand-in for Fly Machines on one computer. Bots run as plain processes, no isolation: ${walls.reason}`
        : "Stand-in for Fly Machines on one computer. Each bot runs in a room of its own.",
    machines: [...host.machines.values()].filter((machine) => machine.record.state === "started").length,
  }));
  appRoutes(server, host);
  machineRoutes(server, host);
  return server;
}

function tokenMatches(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
