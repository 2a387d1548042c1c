/**
 * A gateway that says what a test tells it to, in OpenClaw's wire shape: readyz over HTTP, the
 * challenge, connect with the token, requests answered by `answers`. For what the real one cannot
 * be made to do on command; openclaw.real.test.ts holds the door against the real one.
 */
import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";

type Json = Record<string, unknown>;
export type Reply = { ok: true; payload: Json } | { ok: false; error: Json };

export interface ScriptedGateway {
  readonly port: number;
  /** What readyz answers: ready, or the failing parts. */
  failing: string[];
  phase: string;
  bootId: string;
  readonly answers: Map<string, (params: Json, socket: WebSocket) => Reply>;
  /** Headers of each upgrade, and each frame that arrived. */
  readonly headers: IncomingHttpHeaders[];
  readonly frames: Json[];
  readonly sockets: Set<WebSocket>;
  close(): Promise<void>;
}

export const TOKEN = "scripted-gateway-token-0001";

export async function startScriptedGateway(t: TestContext): Promise<ScriptedGateway> {
  const server = createServer((request, response) => {
    const ready = request.url === "/readyz" && gateway.failing.length === 0;
    response.writeHead(ready ? 200 : 503, { "content-type": "application/json" });
    response.end(JSON.stringify({ ready, failing: gateway.failing }));
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  const gateway: Omit<ScriptedGateway, "port"> = {
    failing: [],
    phase: "accepting",
    bootId: "boot-1",
    answers: new Map(),
    headers: [],
    frames: [],
    sockets: sockets.clients,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  gateway.answers.set("connect", ({ auth }) =>
    (auth as Json | undefined)?.token === TOKEN
      ? { ok: true, payload: helloOf(gateway.bootId, gateway.phase) }
      : {
          ok: false,
          error: {
            code: "INVALID_REQUEST",
            message: "token mismatch",
            details: { code: "AUTH_TOKEN_MISMATCH" },
          },
        },
  );
  sockets.on("connection", (socket, request) => {
    gateway.headers.push(request.headers);
    converse(socket, gateway);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => (server.listening ? gateway.close() : undefined));
  return Object.assign(gateway, { port: (server.address() as AddressInfo).port });
}

function converse(socket: WebSocket, gateway: Pick<ScriptedGateway, "answers" | "frames">): void {
  socket.send(JSON.stringify({ type: "event", event: "connect.challenge", payload: { nonce: "n", ts: 1 } }));
  socket.on("message", (data) => {
    const frame = JSON.parse(Buffer.isBuffer(data) ? data.toString("utf8") : "") as Json;
    gateway.frames.push(frame);
    const answer = gateway.answers.get(String(frame.method));
    const reply: Reply = answer
      ? answer((frame.params ?? {}) as Json, socket)
      : { ok: false, error: { code: "INVALID_REQUEST", message: `unknown method: ${String(frame.method)}` } };
    socket.send(JSON.stringify({ type: "res", id: frame.id, ...reply }));
  });
}

function helloOf(bootId: string, phase: string): Json {
  return {
    type: "hello-ok",
    protocol: 4,
    server: { version: "2026.9.6", bootId },
    snapshot: { suspension: { phase } },
    auth: { role: "operator", scopes: ["operator.admin"] },
    policy: { maxPayload: 26_214_400, tickIntervalMs: 30_000 },
  };
}
