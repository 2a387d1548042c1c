/**
 * A short-lived connection of our own to a gateway: handshake, a few requests, close. The machine
 * uses it for readiness, suspension and warming up; the api has its own, longer-lived client.
 */
import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import type { RawData } from "ws";
import { isRecord } from "./settings.ts";

const MAX_FRAME_BYTES = 26_214_400;

/** A gateway said no, or nothing in time. `code` and `reason` are the gateway's own words for it. */
export class GatewayError extends Error {
  override name = "GatewayError";
  readonly code: string;
  readonly reason: string | undefined;
  readonly retryable: boolean;
  constructor(error: { code: string; reason?: string | undefined; retryable?: boolean; message: string }) {
    super(error.message);
    this.code = error.code;
    this.reason = error.reason;
    this.retryable = error.retryable ?? false;
  }
}

export interface GatewayCaller {
  readonly hello: Record<string, unknown>;
  /** One request. Events that arrive meanwhile go to `onEvent` of the connection. */
  call(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>>;
  close(): void;
}

export interface DialOptions {
  readonly url: string;
  readonly token: string;
  /** For the whole handshake, and again for every request. */
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly onEvent?: (name: string, payload: Record<string, unknown>) => void;
}

type Answer = { resolve(payload: Record<string, unknown>): void; reject(error: Error): void };

/** @throws {GatewayError} when the gateway refuses, is not up or does not answer in time. */
export async function dialGateway(options: DialOptions): Promise<GatewayCaller> {
  const socket = new WebSocket(options.url, {
    headers: { ...options.headers },
    handshakeTimeout: options.timeoutMs,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
  });
  const open = new Map<string, Answer>();
  const challenge = Promise.withResolvers<void>();
  const fail = (error: GatewayError) => {
    challenge.reject(error);
    for (const answer of open.values()) answer.reject(error);
    open.clear();
  };
  socket.on("message", (data) => {
    const frame = parseFrame(data);
    if (frame?.type === "res") settle(open, frame);
    else if (frame?.type === "event" && frame.event === "connect.challenge") challenge.resolve();
    else if (frame?.type === "event" && typeof frame.event === "string")
      options.onEvent?.(frame.event, isRecord(frame.payload) ? frame.payload : {});
  });
  socket.on("error", (error) => fail(new GatewayError({ code: "UNREACHABLE", message: error.message })));
  socket.on("close", (code, reason) =>
    fail(new GatewayError({ code: "CLOSED", message: `closed with ${code} ${reason.toString("utf8")}` })),
  );
  const call: GatewayCaller["call"] = async (method, params) => {
    if (socket.readyState !== WebSocket.OPEN)
      throw new GatewayError({ code: "CLOSED", message: `${method}: the connection is closed` });
    const id = randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
    open.set(id, { resolve, reject });
    socket.send(JSON.stringify({ type: "req", id, method, params }));
    return within(promise, options.timeoutMs, method).finally(() => open.delete(id));
  };
  try {
    await within(challenge.promise, options.timeoutMs, "connect.challenge");
    const hello = await call("connect", connectParams(options.token));
    return { hello, call, close: () => socket.close(1000) };
  } catch (error) {
    socket.terminate();
    throw error;
  }
}

/** A backend client of protocol 4. Without a device it keeps its scopes only as a true loopback peer. */
function connectParams(token: string): Record<string, unknown> {
  return {
    minProtocol: 4,
    maxProtocol: 4,
    client: {
      id: "gateway-client",
      displayName: "molt-os door",
      version: "0.1.0",
      platform: process.platform,
      mode: "backend",
    },
    role: "operator",
    scopes: ["operator.admin"],
    caps: [],
    auth: { token },
    locale: "en-US",
    userAgent: "molt-os/0.1",
  };
}

function settle(open: Map<string, Answer>, frame: Record<string, unknown>): void {
  const answer = typeof frame.id === "string" ? open.get(frame.id) : undefined;
  if (frame.ok === true) return answer?.resolve(isRecord(frame.payload) ? frame.payload : {});
  const error = isRecord(frame.error) ? frame.error : {};
  const details = isRecord(error.details) ? error.details : {};
  const reason = details.reason ?? details.code;
  answer?.reject(
    new GatewayError({
      code: typeof error.code === "string" ? error.code : "UNKNOWN",
      reason: typeof reason === "string" ? reason : undefined,
      retryable: error.retryable === true,
      message: typeof error.message === "string" ? error.message : "the gateway refused",
    }),
  );
}

function parseFrame(data: RawData): Record<string, unknown> | undefined {
  try {
    const frame: unknown = JSON.parse(Buffer.isBuffer(data) ? data.toString("utf8") : "");
    return isRecord(frame) ? frame : undefined;
  } catch {
    // Not JSON: our own gateway never sends that, and waiting for the answer ends by its time limit.
    return undefined;
  }
}

async function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new GatewayError({ code: "TIMEOUT", message: `${what}: no answer in ${ms} ms` })),
    ms,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
