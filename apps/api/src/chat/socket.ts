/** WS /chat: who may connect, the first frame, what a device is sent to catch up, and its frames after that. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { clientFrame, type ClientFrame } from "@molt/contract";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import type { Authenticator } from "../http/authenticate.ts";
import { Device, type Devices } from "./device.ts";

export interface ChatService {
  /** Everything a device needs after `hello`, in order; the device goes live at the end. */
  join(device: Device, after: number): Promise<void>;
  /** A frame of a device that has said hello. Errors become error frames. */
  receive(device: Device, frame: ClientFrame): Promise<void>;
}

export interface ChatSocketOptions {
  server: Server;
  deps: Deps;
  authenticator: Authenticator;
  devices: Devices;
  chat: ChatService;
}

export interface ChatSockets {
  /** Tells every device to come back (1012) and refuses new ones. */
  close(): Promise<void>;
}

const MAX_FRAME_BYTES = 256 * 1024;
/** Without a `hello` within this time the socket is closed. */
const HELLO_MS = 5_000;
const PING_MS = 30_000;
/** Sockets one address may hold open: a household, not a flood. */
const MAX_PER_ADDRESS = 100;
/** Frames of one device that may wait to be worked on; more means it sends faster than a person can. */
const MAX_PENDING_FRAMES = 64;

/** Takes the upgrade requests for /chat; any other upgrade is refused. */
export function openChatSockets(options: ChatSocketOptions): ChatSockets {
  const { server, deps } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
  });
  const perAddress = new Map<string, number>();

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const address = request.socket.remoteAddress ?? "";
    const refusal = refuse(request, deps, perAddress.get(address) ?? 0);
    if (refusal) {
      socket.end(`HTTP/1.1 ${refusal}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    perAddress.set(address, (perAddress.get(address) ?? 0) + 1);
    socket.once("close", () => {
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left > 0) perAddress.set(address, left);
      else perAddress.delete(address);
    });
    sockets.handleUpgrade(request, socket, head, (ws) => attend(ws, options));
  });

  const pinging = setInterval(() => ping(sockets.clients), PING_MS);
  pinging.unref();
  return {
    async close() {
      clearInterval(pinging);
      for (const ws of sockets.clients) ws.close(1012, "restarting");
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
  };
}

/** Browsers always send an Origin; it must be one of our pages. Apps send none. */
function refuse(request: IncomingMessage, { config }: Deps, open: number): string | undefined {
  const [path, query] = (request.url ?? "").split("?");
  if (path !== "/chat") return "404 Not Found";
  // A token in a URL ends in somebody's log; there is no reason for any query here (F78).
  if (query) return "400 Bad Request";
  const origin = request.headers.origin;
  if (origin !== undefined && !config.http.allowedOrigins.includes(origin)) return "403 Forbidden";
  if (open >= MAX_PER_ADDRESS) return "429 Too Many Requests";
  return undefined;
}

const alive = new WeakSet<WebSocket>();

function ping(clients: Set<WebSocket>): void {
  for (const ws of clients) {
    if (!alive.has(ws)) {
      ws.terminate();
      continue;
    }
    alive.delete(ws);
    ws.ping();
  }
}

function attend(ws: WebSocket, options: ChatSocketOptions): void {
  alive.add(ws);
  ws.on("pong", () => alive.add(ws));
  ws.on("error", (err) => options.deps.log.debug({ err }, "a chat socket failed"));
  const attendance = new Attendance(ws, options);
  ws.on("message", (data, isBinary) => {
    alive.add(ws);
    attendance.take(parseFrame(data, isBinary));
  });
  ws.on("close", () => attendance.end());
}

/** One socket from its upgrade to its end: frames one after the other, in the order they came. */
class Attendance {
  #ws: WebSocket;
  #options: ChatSocketOptions;
  #timers: Timers;
  #device: Device | undefined;
  #pending = 0;
  #queue = Promise.resolve();

  constructor(ws: WebSocket, options: ChatSocketOptions) {
    this.#ws = ws;
    this.#options = options;
    this.#timers = new Timers(ws, options.deps);
    this.#timers.expectHello();
  }

  take(frame: ClientFrame | undefined): void {
    if (!frame) return this.#ws.close(4400, "not a frame of this protocol");
    if (this.#pending >= MAX_PENDING_FRAMES) return this.#ws.close(1013, "sending too quickly");
    this.#pending += 1;
    this.#queue = this.#queue
      .then(() => this.#handle(frame))
      .catch((error: unknown) => this.#answerError(frame, error))
      .finally(() => (this.#pending -= 1));
  }

  end(): void {
    this.#timers.clear();
    if (this.#device) this.#options.devices.remove(this.#device);
  }

  async #handle(frame: ClientFrame): Promise<void> {
    if (frame.t === "ping") return this.#ws.send('{"t":"pong"}');
    if (frame.t === "hello" || frame.t === "auth") return this.#identify(frame);
    if (!this.#device) throw new AppError("invalid_input", "Say hello first.");
    await this.#options.chat.receive(this.#device, frame);
  }

  async #identify(frame: Extract<ClientFrame, { t: "hello" | "auth" }>): Promise<void> {
    const { authenticator, devices, chat } = this.#options;
    const identity = await authenticator.user(frame.token);
    // It may have left while the token was being checked; then nobody would ever remove it.
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    if (this.#device && this.#device.userId !== identity.userId)
      throw new AppError("not_yours", "This connection belongs to somebody else.");
    this.#timers.authenticated(identity.expiresAt);
    if (this.#device) {
      this.#device.expiresAt = identity.expiresAt;
      return;
    }
    if (frame.t === "auth") throw new AppError("invalid_input", "Say hello first.");
    this.#device = new Device(this.#ws, identity);
    devices.add(this.#device);
    await chat.join(this.#device, frame.after);
  }

  #answerError(frame: ClientFrame, error: unknown): void {
    const known =
      error instanceof AppError
        ? error
        : new AppError("internal", "Something went wrong on our side.", { cause: error });
    if (known.code === "internal")
      this.#options.deps.log.error({ err: error, frame: frame.t }, "a chat frame failed");
    if (known.code === "not_signed_in") return this.#ws.close(4401, "not signed in");
    const clientId = frame.t === "send" ? frame.clientId : null;
    this.#ws.send(JSON.stringify({ t: "error", code: known.code, message: known.message, clientId }));
  }
}

function parseFrame(data: RawData, isBinary: boolean): ClientFrame | undefined {
  if (isBinary || !(data instanceof Buffer)) return undefined;
  try {
    return clientFrame.parse(JSON.parse(data.toString("utf8")));
  } catch {
    return undefined; // the caller closes with 4400, which says it all
  }
}

/** A socket lives as long as its token: asked for a new one a minute before, closed at the end (F75). */
class Timers {
  #ws: WebSocket;
  #deps: Deps;
  #timers: NodeJS.Timeout[] = [];

  constructor(ws: WebSocket, deps: Deps) {
    this.#ws = ws;
    this.#deps = deps;
  }

  expectHello(): void {
    this.#timers = [setTimeout(() => this.#ws.close(4401, "no hello"), HELLO_MS)];
  }

  authenticated(expiresAt: Date): void {
    this.clear();
    const left = expiresAt.getTime() - this.#deps.clock.now().getTime();
    this.#timers = [
      setTimeout(() => this.#ws.send('{"t":"reauth"}'), Math.max(0, left - 60_000)),
      setTimeout(() => this.#ws.close(4401, "token expired"), Math.max(0, left)),
    ];
  }

  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}
