/**
 * A bot's door with a gateway behind it that does what a test says, in OpenClaw's wire shape: refuse
 * the token, be still starting, answer, emit, lose an event, vanish, come back as another process.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import { helloPayload } from "./fixtures.ts";

export const TOKEN = "gateway-token-of-a-test-0001";

type Json = Record<string, unknown>;
type Reply = { ok: boolean; payload?: Json; error?: Json } | "silence";

const request = z.object({
  type: z.literal("req"),
  id: z.string(),
  method: z.string(),
  params: z.record(z.string(), z.unknown()),
  traceparent: z.string().optional(),
});
export type Asked = z.infer<typeof request>;

export class ScriptedDoor {
  /** Each upgrade that reached the door, let in or not. */
  readonly upgrades: IncomingHttpHeaders[] = [];
  readonly asked: Asked[] = [];
  readonly answers = new Map<string, (asked: Asked, socket: WebSocket) => Reply>();
  url = "";
  bootId: string = randomUUID();
  phase = "accepting";
  tickIntervalMs = 30_000;
  /** Refused connects that come before the first hello. */
  startingFor = 0;
  /** HTTP status for upgrades instead of a connection. */
  refuseWith: number | undefined;
  #sockets = new WebSocketServer({ noServer: true });
  #server = createServer((_request, response) => response.writeHead(404).end());
  #seq = new Map<WebSocket, number>();
  #waiting = new Set<() => void>();

  constructor() {
    this.answers.set("connect", (asked) => this.#connect(asked));
    this.answers.set("sessions.subscribe", () => ({ ok: true, payload: {} }));
    this.#server.on("upgrade", (incoming, socket: Duplex, head: Buffer) => {
      this.upgrades.push(incoming.headers);
      this.#look();
      const status = incoming.headers.authorization === `Bearer ${TOKEN}` ? this.refuseWith : 401;
      if (status !== undefined)
        return socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      this.#sockets.handleUpgrade(incoming, socket, head, (client) => this.#converse(client));
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    // Listening on a port gives an AddressInfo.
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.vanish();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get connected(): number {
    return this.#sockets.clients.size;
  }

  /** To every connection, with its own running number. */
  emit(event: string, payload: unknown, skip = 0): void {
    for (const socket of this.#sockets.clients) {
      const seq = (this.#seq.get(socket) ?? 0) + 1 + skip;
      this.#seq.set(socket, seq);
      socket.send(JSON.stringify({ type: "event", event, payload, seq }));
    }
  }

  /** Bytes that are no frame of the protocol. */
  emitRaw(bytes: string | Buffer): void {
    for (const socket of this.#sockets.clients) socket.send(bytes);
  }

  /** As a process that was killed: no close frame. */
  vanish(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  closeAll(code: number, reason: string): void {
    for (const socket of this.#sockets.clients) socket.close(code, reason);
  }

  /** Resolves when something here has become true. */
  async until(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!isTrue()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  /** How often a method was asked for. */
  count(method: string): number {
    return this.asked.filter((one) => one.method === method).length;
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }

  #converse(socket: WebSocket): void {
    socket.on("close", () => this.#look());
    socket.send(
      JSON.stringify({ type: "event", event: "connect.challenge", payload: { nonce: "n", ts: 1 } }),
    );
    socket.on("message", (data) => {
      const asked = request.parse(JSON.parse(Buffer.isBuffer(data) ? data.toString("utf8") : ""));
      this.asked.push(asked);
      const reply = this.answers.get(asked.method)?.(asked, socket) ?? {
        ok: false,
        error: { code: "INVALID_REQUEST", message: `unknown method: ${asked.method}` },
      };
      if (reply !== "silence") socket.send(JSON.stringify({ type: "res", id: asked.id, ...reply }));
      this.#look();
    });
  }

  #connect({ params }: Asked): Reply {
    const { token } = z.object({ token: z.string() }).parse(params["auth"]);
    if (token !== TOKEN)
      return {
        ok: false,
        error: { code: "INVALID_REQUEST", message: "no", details: { code: "AUTH_TOKEN_MISMATCH" } },
      };
    if (this.startingFor > 0) {
      this.startingFor -= 1;
      const details = { reason: "startup-sidecars" };
      return {
        ok: false,
        error: { code: "UNAVAILABLE", message: "starting", retryable: true, retryAfterMs: 100, details },
      };
    }
    const hello = helloPayload();
    return {
      ok: true,
      payload: {
        ...hello,
        server: { version: "2026.9.6", bootId: this.bootId },
        snapshot: { suspension: { phase: this.phase }, uptimeMs: 600_000 },
        policy: { tickIntervalMs: this.tickIntervalMs },
      },
    };
  }
}

export async function startScriptedDoor(t: TestContext): Promise<ScriptedDoor> {
  const door = new ScriptedDoor();
  await door.open();
  t.after(() => door.close());
  return door;
}
