/**
 * Fly Proxy as the api sees it: `Host: <app>.flycast` is answered by that app's machine. Works from
 * the host's knowledge of the state, never from a connect: a frozen process accepts connections and
 * then says nothing. An address counts only in the network it was allotted to.
 */
import { randomBytes } from "node:crypto";
import { createServer, request as httpRequest } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Host } from "./host.ts";
import type { Machine } from "./machine.ts";

interface Target {
  port: number;
}
interface Refusal {
  status: number;
  reason: string;
}

const startWithinMs = 30_000;
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export function createFlycast(host: Host): Server {
  const server = createServer({ requestTimeout: 0, headersTimeout: 15_000 }, (request, response) => {
    void forward(host, request, response).catch((err: unknown) => {
      host.log("a proxied request failed", { err });
      if (!response.headersSent) refuse(response, { status: 502, reason: "proxy failure" });
      else response.destroy();
    });
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    void splice(host, request, { socket, head }).catch((err: unknown) => {
      host.log("a proxied upgrade failed", { err });
      socket.destroy();
    });
  });
  return server;
}

async function forward(host: Host, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = await findTarget(host, request);
  if ("reason" in target) return refuse(response, target);
  const upstream = httpRequest({
    host: "127.0.0.1",
    port: target.port,
    method: request.method,
    path: request.url,
    headers: forwardedHeaders(request, false),
    agent: false,
  });
  upstream.on("response", (answer) => {
    const headers = Object.entries(answer.headers).filter(([name]) => !hopByHop.has(name));
    response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  upstream.on("error", () => {
    if (response.headersSent) response.destroy();
    else refuse(response, { status: 503, reason: "the machine does not answer" });
  });
  response.on("close", () => upstream.destroy());
  request.pipe(upstream);
}

/** The raw bytes of both sides, from the request line on. */
async function splice(
  host: Host,
  request: IncomingMessage,
  client: { socket: Duplex; head: Buffer },
): Promise<void> {
  const target = await findTarget(host, request);
  if ("reason" in target) {
    client.socket.end(
      `HTTP/1.1 ${target.status} Service Unavailable\r\ncontent-length: ${target.reason.length}\r\nconnection: close\r\n\r\n${target.reason}`,
    );
    return;
  }
  const upstream: Socket = connect({ host: "127.0.0.1", port: target.port, noDelay: true });
  upstream.setTimeout(10_000, () => {
    if (upstream.connecting) upstream.destroy();
  });
  upstream.once("connect", () => {
    const headers = Object.entries(forwardedHeaders(request, true)).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => `${name}: ${one}\r\n`),
    );
    upstream.write(`${request.method} ${request.url} HTTP/1.1\r\n${headers.join("")}\r\n`);
    upstream.write(client.head);
    upstream.pipe(client.socket);
    client.socket.pipe(upstream);
  });
  upstream.on("error", () => client.socket.destroy());
  upstream.on("close", () => client.socket.destroy());
  client.socket.on("close", () => upstream.destroy());
}

async function findTarget(host: Host, request: IncomingMessage): Promise<Target | Refusal> {
  const name = /^([a-z][a-z0-9-]*)\.flycast(:\d+)?$/.exec(request.headers.host ?? "")?.[1];
  if (name === undefined) return { status: 404, reason: "no such host" };
  const reachable = host.ipsOf(name).some((ip) => ip.network === host.settings.proxyNetwork);
  if (!reachable) return { status: 404, reason: "no flycast address in this network" };
  const served = host.machinesOf(name).filter((machine) => (machine.record.config.services ?? []).length > 0);
  const up = served.find((machine) => machine.record.state === "started");
  const machine = up ?? (await wake(served));
  const port = machine?.record.process?.doorPort;
  return port === undefined ? { status: 503, reason: "no started machine" } : { port };
}

async function wake(machines: Machine[]): Promise<Machine | undefined> {
  const sleeping = new Set(["stopped", "suspended", "starting"]);
  const machine = machines.find(
    ({ record }) =>
      sleeping.has(record.state) && record.config.services?.some((service) => service.autostart === true),
  );
  if (machine === undefined) return undefined;
  await machine.start();
  const started = await machine.waitFor("started", startWithinMs, new AbortController().signal);
  return started ? machine : undefined;
}

function forwardedHeaders(request: IncomingMessage, upgrade: boolean): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined && !hopByHop.has(name)) headers[name] = value;
  const client = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  const before = request.headers["x-forwarded-for"];
  headers["fly-client-ip"] = client;
  headers["x-forwarded-for"] = before === undefined ? client : `${String(before)}, ${client}`;
  headers["x-forwarded-proto"] = "http";
  headers["fly-request-id"] = `${randomBytes(13).toString("hex")}-local`;
  if (upgrade) {
    headers["connection"] = "Upgrade";
    headers["upgrade"] = request.headers.upgrade ?? "websocket";
  }
  return headers;
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, { "content-type": "text/plain", "fly-proxy-error": "true" });
  response.end(refusal.reason);
}
