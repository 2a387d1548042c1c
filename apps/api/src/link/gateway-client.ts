/**
 * One connection to a bot's gateway through its door: handshake, requests with time limits, events in
 * order. It ends when the bot falls silent or an event is missing; link.ts opens the next one.
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import { AppError } from "../errors.ts";
import type { DoorAddress } from "./address.ts";
import { type EventFrame, type Hello, hello as helloShape, type ResponseFrame } from "./frames.ts";
import { assertAllowed } from "./methods.ts";
import { GatewayRefusal } from "./refusal.ts";
import { openSocket, type Socket } from "./socket.ts";
import { after } from "./timer.ts";

/** A message has at most 16,000 characters; what is larger than this is not ours. */
const MAX_OUTBOUND_BYTES = 262_144;
const MAX_PENDING = 64;
const DEFAULT_REQUEST_MS = 30_000;
const HANDSHAKE_MS = 15_000;
/** A cold gateway listens some seconds before it accepts; after this long the caller hears about it. */
const STARTUP_MS = 60_000;
const PROTOCOL = 4;

export interface RequestOptions {
  readonly timeoutMs?: number;
  /** W3C trace context; its trace id reaches the model calls of the run that this request starts. */
  readonly traceparent?: string;
}

export interface GatewayConnection {
  readonly hello: Hello;
  /**
   * @throws {AppError} `not_yours` method not on our list · `too_large` · `unavailable` the gateway says
   * try again, or too many requests are open · `bot_unreachable` no answer in time, or closed before
   * it (the work may have been done) · `upstream_failed` refused for good; `detail.code` is the
   * gateway's word for it.
   */
  request(method: string, params: Record<string, unknown>, options?: RequestOptions): Promise<unknown>;
  /** Repeatable. `onClose` is not called for a close of our own. */
  close(): void;
}

export interface ConnectOptions {
  readonly clock: Clock;
  /** Ends the attempt, and later the connection. */
  readonly signal: AbortSignal;
  /** Every event in order, unparsed. Must not throw. */
  readonly onEvent: (name: string, payload: unknown) => void;
  /** Once, when the connection is over; `why` is for the log. */
  readonly onClose: (why: string) => void;
}

/**
 * Connects and says hello; tries again by itself while a freshly booted gateway says that it is still
 * starting, for at most a minute.
 * @throws {GatewayRefusal}
 */
export async function connect(
  address: DoorAddress,
  token: string,
  options: ConnectOptions,
): Promise<GatewayConnection> {
  const giveUpMs = options.clock.monotonicMs() + STARTUP_MS;
  for (;;) {
    try {
      return await new Connection(address, token, options).open();
    } catch (error) {
      const again = error instanceof GatewayRefusal && error.kind === "starting";
      if (!again || options.clock.monotonicMs() + error.retryAfterMs > giveUpMs) throw error;
      await options.clock.sleep(error.retryAfterMs, options.signal);
    }
  }
}

interface Pending {
  resolve(payload: unknown): void;
  reject(error: Error): void;
}

class Connection {
  #token: string;
  #options: ConnectOptions;
  #socket: Socket;
  #pending = new Map<string, Pending>();
  #challenged = Promise.withResolvers<void>();
  #hello: Hello | undefined;
  #lastSeq: number | undefined;
  #over = false;
  #silenceMs = 0;
  #lastHeardMs = 0;
  #stopWatch: () => void = () => {};

  constructor(address: DoorAddress, token: string, options: ConnectOptions) {
    this.#token = token;
    this.#options = options;
    this.#socket = openSocket(address, token, {
      onFrame: (frame) => (frame.type === "res" ? this.#settle(frame) : this.#hear(frame)),
      onEnd: (refusal) => this.#end(refusal),
    });
    // It may fail before `open` waits for it; `open` reads the same failure.
    this.#challenged.promise.catch(() => undefined);
    options.signal.addEventListener("abort", this.#abort, { once: true });
  }

  async open(): Promise<GatewayConnection> {
    const late = after(this.#options.clock, HANDSHAKE_MS, () =>
      this.#end(new GatewayRefusal("unreachable", "no hello in time")),
    );
    try {
      if (this.#options.signal.aborted) throw new GatewayRefusal("unreachable", "not wanted any more");
      await this.#challenged.promise;
      await this.#ask("connect", connectParams(this.#token), {});
    } catch (error) {
      const refusal =
        error instanceof GatewayRefusal
          ? error
          : new GatewayRefusal("unreachable", "handshake failed", { cause: error });
      this.#end(refusal);
      throw refusal;
    } finally {
      late();
    }
    if (this.#hello === undefined) throw new GatewayRefusal("refused", "no hello");
    if (!this.#over) this.#watch(this.#silenceMs);
    return {
      hello: this.#hello,
      request: async (method, params, options = {}) => {
        assertAllowed(method, params);
        return this.#ask(method, params, options);
      },
      close: () => this.#abort(),
    };
  }

  /** Before the next frame is looked at: events follow the hello in the same packet. */
  #greet(payload: unknown): void {
    const parsed = helloShape.safeParse(payload);
    if (!parsed.success) throw new GatewayRefusal("refused", "the hello is not of protocol 4");
    // A peer that is not a true loopback one is let in without scopes and could then do nothing.
    if (!parsed.data.auth.scopes.includes("operator.admin"))
      throw new GatewayRefusal("refused", "let in without scopes");
    this.#hello = parsed.data;
    this.#silenceMs = 2 * parsed.data.policy.tickIntervalMs;
  }

  #ask(
    method: string,
    params: Record<string, unknown>,
    { timeoutMs = DEFAULT_REQUEST_MS, traceparent }: RequestOptions,
  ): Promise<unknown> {
    if (this.#over)
      throw new AppError("bot_unreachable", "Your bot cannot be reached at the moment.", {
        detail: { method },
      });
    if (this.#pending.size >= MAX_PENDING)
      throw new AppError("unavailable", "Too much is being asked of your bot at once.");
    const id = randomUUID();
    const frame = JSON.stringify({
      type: "req",
      id,
      method,
      params,
      ...(traceparent ? { traceparent } : {}),
    });
    if (Buffer.byteLength(frame) > MAX_OUTBOUND_BYTES)
      throw new AppError("too_large", "This is too large for your bot.", { detail: { method } });
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const late = after(this.#options.clock, timeoutMs, () =>
      reject(
        new AppError("bot_unreachable", "Your bot did not answer in time.", {
          detail: { method, timeoutMs },
        }),
      ),
    );
    this.#pending.set(id, { resolve, reject });
    this.#socket.send(frame);
    return promise.finally(() => {
      late();
      this.#pending.delete(id);
    });
  }

  #heard(): void {
    this.#lastHeardMs = this.#options.clock.monotonicMs();
  }

  #settle(frame: ResponseFrame): void {
    const pending = this.#pending.get(frame.id);
    this.#heard();
    if (!pending) return;
    if (!frame.ok) return pending.reject(this.#hello ? requestError(frame) : handshakeError(frame));
    try {
      // Nothing but `connect` is asked before the hello.
      if (!this.#hello) this.#greet(frame.payload);
      pending.resolve(frame.payload);
    } catch (error) {
      pending.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #hear(frame: EventFrame): void {
    this.#heard();
    if (frame.event === "connect.challenge") return this.#challenged.resolve();
    if (frame.seq !== undefined) {
      const expected = this.#lastSeq === undefined ? frame.seq : this.#lastSeq + 1;
      this.#lastSeq = frame.seq;
      // The lost one may have been the end of a run: only a new connection and the history tell.
      if (frame.seq !== expected)
        return this.#end(new GatewayRefusal("unreachable", `event ${expected} is missing`));
    }
    if (this.#hello) this.#options.onEvent(frame.event, frame.payload);
  }

  /** The gateway ticks; two ticks without a frame and nobody is there. A frozen machine keeps its socket open. */
  #watch(waitMs: number): void {
    const { clock } = this.#options;
    this.#stopWatch = after(clock, waitMs, () => {
      const silentMs = clock.monotonicMs() - this.#lastHeardMs;
      if (silentMs < this.#silenceMs) this.#watch(this.#silenceMs - silentMs);
      else this.#end(new GatewayRefusal("unreachable", `silent for ${Math.round(silentMs)} ms`));
    });
  }

  #abort = (): void => {
    this.#finish(new GatewayRefusal("unreachable", "closed by us"));
  };

  #end(refusal: GatewayRefusal): void {
    if (this.#over) return;
    this.#finish(refusal);
    // Before the hello the caller of `connect` hears of it by the exception.
    if (this.#hello !== undefined) this.#options.onClose(refusal.why);
  }

  #finish(refusal: GatewayRefusal): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopWatch();
    this.#options.signal.removeEventListener("abort", this.#abort);
    this.#challenged.reject(refusal);
    for (const pending of this.#pending.values()) pending.reject(refusal);
    this.#socket.close();
  }
}

/** A backend client of protocol 4 that shows tool runs and could ask for approvals (openclaw.md, section 5). */
function connectParams(token: string): Record<string, unknown> {
  return {
    minProtocol: PROTOCOL,
    maxProtocol: PROTOCOL,
    client: {
      id: "gateway-client",
      displayName: "molt-os api",
      version: "0.1.0",
      platform: process.platform,
      mode: "backend",
    },
    role: "operator",
    scopes: ["operator.admin"],
    caps: ["tool-events", "exec-approvals"],
    auth: { token },
    locale: "en-US",
    userAgent: "molt-os/0.1",
  };
}

const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/** Branches on codes, never on the gateway's sentences, which change with its version. */
function handshakeError({ error }: ResponseFrame): GatewayRefusal {
  const why = error?.details?.reason ?? error?.details?.code ?? error?.code ?? "refused";
  if (error?.code !== "UNAVAILABLE") return new GatewayRefusal("refused", why);
  if (why !== "startup-sidecars") return new GatewayRefusal("unreachable", why);
  const retryAfterMs = Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, error.retryAfterMs ?? 0));
  return new GatewayRefusal("starting", why, { retryAfterMs });
}

function requestError({ error }: ResponseFrame): AppError {
  const detail = { code: error?.code ?? "UNKNOWN", reason: error?.details?.reason ?? error?.details?.code };
  if (error?.code === "UNAVAILABLE")
    return new AppError("unavailable", "Your bot is busy. It will be tried again.", { detail });
  return new AppError("upstream_failed", "Your bot refused this.", { detail });
}
