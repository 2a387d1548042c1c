/**
 * The door: the only thing of a machine that listens to the network. It checks the bot's gateway
 * token, then relays to the gateway, which itself stays on loopback. It also says whether the bot
 * can be talked to, and puts it to sleep and back to work for the platform.
 *
 *   GET  /healthz          200 while this process lives
 *   GET  /readyz           200 {ready, bootId, version} | 503 {ready:false, failing}
 *   WS   /gateway          Bearer; OpenClaw's protocol, frame by frame
 *   POST /suspend/prepare  Bearer; {requestId?} -> 200 {ready, suspensionId, expiresAtMs, nextWakeAtMs} | 409 {busy, blockers}
 *   POST /suspend/resume   Bearer; {suspensionId?} -> 200 {ready, resumed} | 409 {busy, blockers}
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { GatewayError } from "./gateway-call.ts";
import type { Log } from "./log.ts";
import type { Readiness } from "./readiness.ts";
import { MAX_FRAME_BYTES, relay, relayLimits } from "./relay.ts";
import type { RelayLimits } from "./relay.ts";
import { isRecord } from "./settings.ts";
import { suspension } from "./suspend.ts";
import type { SuspendAnswer } from "./suspend.ts";

export interface DoorOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly token: string;
  readonly gatewayPort: number;
  readonly readiness: () => Promise<Readiness>;
  readonly log: Log;
  readonly limits?: RelayLimits;
}

export interface Door {
  readonly port: number;
  /** Refuses new work and closes every relay with 1012. */
  close(): Promise<void>;
}

/** One platform talks to a bot; more sockets than this are a fault or an attack. */
const MAX_RELAYS = 16;
const MAX_BODY_BYTES = 4_096;

/** Resolves when the door listens. Rejects when the address is taken. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const { log, limits = relayLimits } = options;
  const gatewayUrl = `ws://127.0.0.1:${options.gatewayPort}/`;
  const answer = answerer(options);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
  });
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.error("a request failed", { path: request.url, error });
      if (!response.headersSent) reply(response, 500, problem("internal", "The door could not answer."));
    });
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", (error) => log.info("an upgrade failed", { error }));
    if (pathOf(request) !== "/gateway") return refuse(socket, "404 Not Found");
    if (!knows(request, options.token)) return refuse(socket, "401 Unauthorized");
    if (sockets.clients.size >= MAX_RELAYS) return refuse(socket, "503 Service Unavailable");
    sockets.handleUpgrade(request, socket, head, (client) => relay(client, { gatewayUrl, log, limits }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    // A server that listens on a host and port has an AddressInfo; null and text belong to pipes.
    port: (server.address() as AddressInfo).port,
    close: () => closeAll(server, sockets),
  };
}

type Answerer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function answerer({ readiness, token, gatewayPort, log }: DoorOptions): Answerer {
  const sleep = suspension({ gatewayPort, token });
  const routes: Record<string, (body: Record<string, unknown>) => Promise<SuspendAnswer>> = {
    "POST /suspend/prepare": (body) => sleep.prepare(shortText(body.requestId)),
    "POST /suspend/resume": (body) => sleep.resume(shortText(body.suspensionId)),
  };
  return async (request, response) => {
    const route = `${request.method} ${pathOf(request)}`;
    if (route === "GET /healthz") return reply(response, 200, { ok: true });
    if (route === "GET /readyz") {
      const state = await readiness();
      return reply(response, state.ready ? 200 : 503, state);
    }
    const work = routes[route];
    if (!work) return reply(response, 404, problem("not_found", "There is nothing here."));
    if (!knows(request, token))
      return reply(response, 401, problem("not_signed_in", "This needs the bot's gateway token."));
    const body = await readBody(request);
    if (!body)
      return reply(
        response,
        400,
        problem("invalid_input", "The body must be a JSON object of at most 4 KB."),
      );
    try {
      const result = await work(body);
      reply(response, result.status, result.body);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      log.warn("the gateway did not answer about sleep", { route, code: error.code, error });
      reply(response, 503, problem("unavailable", "The gateway did not answer.", error.reason ?? error.code));
    }
  };
}

function pathOf(request: IncomingMessage): string | undefined {
  return request.url?.split("?")[0];
}

/** Compares digests, so that neither length nor content of the token shows in the time it takes. */
function knows(request: IncomingMessage, token: string): boolean {
  const offered = /^Bearer (\S{1,512})$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(offered), digest(token));
}

async function closeAll(server: ReturnType<typeof createServer>, sockets: WebSocketServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const client of sockets.clients) client.close(1012, "bot stops");
  const limit = setTimeout(() => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
  }, 1_000);
  server.closeIdleConnections();
  await closed;
  clearTimeout(limit);
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    // Without an encoding set, a request stream yields Buffers.
    const bytes = part as Buffer;
    size += bytes.length;
    if (size > MAX_BODY_BYTES) return undefined;
    parts.push(bytes);
  }
  if (size === 0) return {};
  try {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
    return isRecord(body) ? body : undefined;
  } catch {
    return undefined; // not JSON: the caller answers 400
  }
}

function shortText(value: unknown): string | undefined {
  return typeof value === "string" && value.length > 0 && value.length <= 200 ? value : undefined;
}

function problem(code: string, message: string, reason?: string): Record<string, unknown> {
  return { error: { code, message, ...(reason === undefined ? {} : { reason }) } };
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
