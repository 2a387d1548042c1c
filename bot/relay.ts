/**
 * Joins one authenticated socket from outside to a fresh loopback connection to the gateway. Nothing
 * of the outer request goes with it: the gateway refuses an Origin or any forwarding header, and
 * keeps a client's scopes only for a true loopback peer.
 */
import { WebSocket } from "ws";
import type { RawData } from "ws";
import type { Log } from "./log.ts";

/** OpenClaw's own `policy.maxPayload`. */
export const MAX_FRAME_BYTES = 26_214_400;

export interface RelayLimits {
  /** Above this the sender is paused until the reader has caught up. */
  readonly maxBufferedBytes: number;
  /** A reader that has not caught up in this time is cut off with 1013. */
  readonly stallMs: number;
  /** A ping this often; a peer that left the last one unanswered is gone. */
  readonly pingMs: number;
}

export interface RelayOptions {
  readonly gatewayUrl: string;
  readonly limits: RelayLimits;
  readonly log: Log;
}

export const relayLimits: RelayLimits = { maxBufferedBytes: 1_048_576, stallMs: 5_000, pingMs: 25_000 };

/**
 * Forwards text frames both ways until either side closes; the close code is handed on. A gateway
 * that is not there closes the client with 1013 (try again), one that vanishes with 1012 (restart).
 * Memory is bounded by `maxBufferedBytes` and one frame in each direction.
 */
export function relay(client: WebSocket, { gatewayUrl, log, limits }: RelayOptions): void {
  const gateway = new WebSocket(gatewayUrl, {
    handshakeTimeout: 5_000,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
  });
  let opened = false;
  client.pause();
  gateway.once("open", () => {
    opened = true;
    client.resume();
  });
  for (const [socket, side] of [
    [client, "client"],
    [gateway, "gateway"],
  ] as const)
    socket.on("error", (error) => log.info("relay socket failed", { side, error }));

  pipe(client, gateway, limits);
  pipe(gateway, client, limits);
  gateway.once("close", (code, reason) => {
    if (!opened) return finish(client, 1013, "gateway not ready");
    finish(client, sendable(code) ? code : 1012, sendable(code) ? reason.toString("utf8") : "gateway gone");
  });
  client.once("close", (code) => finish(gateway, sendable(code) ? code : 1001, ""));
  keepAlive(client, limits.pingMs);
}

function pipe(from: WebSocket, to: WebSocket, limits: RelayLimits): void {
  let stalled: NodeJS.Timeout | undefined;
  const sent = () => {
    if (stalled === undefined || to.bufferedAmount > limits.maxBufferedBytes / 2) return;
    clearTimeout(stalled);
    stalled = undefined;
    from.resume();
  };
  from.on("message", (data: RawData, isBinary: boolean) => {
    if (isBinary || !Buffer.isBuffer(data)) return finish(from, 1003, "text frames only");
    if (to.readyState !== WebSocket.OPEN) return;
    to.send(data, { binary: false }, sent);
    if (to.bufferedAmount <= limits.maxBufferedBytes || stalled !== undefined) return;
    from.pause();
    stalled = setTimeout(() => finish(to, 1013, "reader too slow"), limits.stallMs);
  });
  to.once("close", () => clearTimeout(stalled));
}

function keepAlive(socket: WebSocket, everyMs: number): void {
  let answered = true;
  socket.on("pong", () => (answered = true));
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, everyMs);
  socket.once("close", () => clearInterval(timer));
}

/** Says goodbye, and does not wait for ever for the answer. A paused socket must read to hear it. */
function finish(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState === WebSocket.CLOSED) return;
  if (socket.readyState === WebSocket.CONNECTING) return socket.terminate();
  socket.resume();
  socket.close(code, reason.slice(0, 120));
  const limit = setTimeout(() => socket.terminate(), 2_000);
  socket.once("close", () => clearTimeout(limit));
}

/** 1004 to 1006 and 1015 are words of the library and may not be sent (RFC 6455 section 7.4.1). */
function sendable(code: number): boolean {
  return (code >= 3000 && code <= 4999) || (code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006));
}
