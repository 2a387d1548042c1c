/** The wire under a gateway connection: a WebSocket through the bot's door, as parsed frames. */
import { WebSocket } from "ws";
import type { DoorAddress } from "./address.ts";
import { type EventFrame, parseFrame, type ResponseFrame } from "./frames.ts";
import { GatewayRefusal } from "./refusal.ts";

/** OpenClaw's own `policy.maxPayload`: a page of history with pictures in it may come near. */
const MAX_INBOUND_BYTES = 26_214_400;
const UPGRADE_MS = 10_000;
/** 1013, try again: the door's gateway is not up yet, or closes a handshake that came too early. */
const TRY_AGAIN = 1013;
const TRY_AGAIN_MS = 500;

export interface Socket {
  send(text: string): void;
  /** Repeatable; nothing is heard afterwards. */
  close(): void;
}

export interface SocketHandlers {
  onFrame(frame: ResponseFrame | EventFrame): void;
  /** Once, unless `close` was called first. */
  onEnd(refusal: GatewayRefusal): void;
}

/** Frames that are not of the protocol are dropped in silence: a bot may send what it likes (F86). */
export function openSocket(address: DoorAddress, token: string, handlers: SocketHandlers): Socket {
  let over = false;
  const socket = new WebSocket(address.url, {
    headers: { ...address.headers, authorization: `Bearer ${token}` },
    handshakeTimeout: UPGRADE_MS,
    maxPayload: MAX_INBOUND_BYTES,
    perMessageDeflate: false,
    followRedirects: false,
  });
  const end = (refusal: GatewayRefusal) => {
    if (over) return;
    over = true;
    socket.terminate();
    handlers.onEnd(refusal);
  };
  socket.on("message", (data, isBinary) => {
    if (over || isBinary || !Buffer.isBuffer(data)) return;
    const frame = parseFrame(data.toString("utf8"));
    if (frame) handlers.onFrame(frame);
  });
  socket.on("unexpected-response", (request, response) => {
    request.destroy();
    const status = response.statusCode ?? 0;
    const kind = status === 401 || status === 403 ? "refused" : "unreachable";
    end(new GatewayRefusal(kind, `the door answered ${status}`));
  });
  socket.on("error", (error) => end(new GatewayRefusal("unreachable", error.message, { cause: error })));
  socket.on("close", (code) => {
    if (code === TRY_AGAIN) end(new GatewayRefusal("starting", "try again", { retryAfterMs: TRY_AGAIN_MS }));
    else end(new GatewayRefusal("unreachable", `closed with ${code}`));
  });
  return {
    send: (text) => {
      if (!over && socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => {
      if (over) return;
      over = true;
      if (socket.readyState === WebSocket.OPEN) socket.close(1000);
      // Half-open peers answer no close frame; the library ends the socket after its own limit.
      else socket.terminate();
    },
  };
}
