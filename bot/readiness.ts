/**
 * Whether the gateway of this machine can be talked to. Its port answers seconds before it accepts a
 * connection, so ready means three things at once: the process lives, its own readyz says so, and
 * a real handshake has succeeded since its last start.
 */
import { randomUUID } from "node:crypto";
import { dialGateway } from "./gateway-call.ts";
import type { Log } from "./log.ts";
import { isRecord } from "./settings.ts";

export type Readiness =
  | { readonly ready: true; readonly bootId: string; readonly version: string }
  | { readonly ready: false; readonly failing: readonly string[] };

export interface GatewayProcess {
  generation(): number;
  alive(): boolean;
}

export interface ReadinessOptions {
  readonly gatewayPort: number;
  readonly token: string;
  readonly process: GatewayProcess;
  readonly log: Log;
  /** Warm up after each boot. Off in tests that count the gateway's calls. */
  readonly warmUp: boolean;
  /** Called when the warm-up is over, however it went. */
  readonly onWarm?: () => void;
}

const PROBE_MS = 2_000;
const HANDSHAKE_MS = 10_000;
const RETRY_MS = 250;
/** The session in which the warm-up speaks; deleted afterwards, so nobody sees it among the conversations. */
const WARM_UP_SESSION = "agent:main:warm-up";

/** `start` is to be called at every start of the gateway process; `check` at any time. */
export function watchReadiness(options: ReadinessOptions) {
  const { log, process: gateway } = options;
  const url = `ws://127.0.0.1:${options.gatewayPort}/`;
  const stopped = new AbortController();
  let met: { generation: number; bootId: string; version: string } | undefined;

  async function meet(generation: number): Promise<void> {
    while (!stopped.signal.aborted && gateway.generation() === generation) {
      const failing = await probe(options.gatewayPort);
      if (failing === undefined && (await shakeHands(generation))) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async function shakeHands(generation: number): Promise<boolean> {
    try {
      const caller = await dialGateway({ url, token: options.token, timeoutMs: HANDSHAKE_MS });
      const server = isRecord(caller.hello.server) ? caller.hello.server : {};
      caller.close();
      met = { generation, bootId: String(server.bootId), version: String(server.version) };
      log.info("the gateway is ready", { ...met });
    } catch (error) {
      // Expected for a second or three after readyz; the caller tries again until the process ends.
      log.info("the gateway does not accept a connection yet", { error });
      return false;
    }
    if (options.warmUp) await warmUp(url, options.token, log);
    options.onWarm?.();
    return true;
  }

  return {
    start(generation: number): void {
      meet(generation).catch((error: unknown) => log.error("readiness watch failed", { error }));
    },
    async check(): Promise<Readiness> {
      if (!gateway.alive()) return { ready: false, failing: ["gateway-process"] };
      const failing = await probe(options.gatewayPort);
      if (failing !== undefined) return { ready: false, failing };
      if (met?.generation !== gateway.generation()) return { ready: false, failing: ["gateway-connect"] };
      return { ready: true, bootId: met.bootId, version: met.version };
    },
    stop: () => stopped.abort(),
  };
}

/** Undefined when the gateway says it is ready, else the parts it names. */
async function probe(port: number): Promise<string[] | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(PROBE_MS) });
    const body: unknown = await answer.json();
    if (answer.status === 200) return undefined;
    const named = isRecord(body) && Array.isArray(body.failing) ? body.failing.map(String) : [];
    return ["gateway-readyz", ...named.slice(0, 10)];
  } catch {
    // Refused, cut or silent: during a boot that is the normal answer.
    return ["gateway-listen"];
  }
}

/**
 * Loads what the first chat would otherwise load while somebody waits (2 to 6 CPU seconds), by a
 * command that OpenClaw answers itself, without a model call. A failure costs only that time.
 */
async function warmUp(url: string, token: string, log: Log): Promise<void> {
  const began = performance.now();
  const runId = randomUUID();
  const answered = Promise.withResolvers<void>();
  const limit = setTimeout(() => answered.reject(new Error("no answer in 60 s")), 60_000);
  try {
    const onEvent = (name: string, payload: Record<string, unknown>) => {
      if (name === "chat" && payload.runId === runId && payload.state === "final") answered.resolve();
    };
    const caller = await dialGateway({ url, token, timeoutMs: 60_000, onEvent });
    try {
      await caller.call("chat.send", {
        sessionKey: WARM_UP_SESSION,
        message: "/status",
        idempotencyKey: runId,
      });
      await answered.promise;
      await caller.call("sessions.delete", { key: WARM_UP_SESSION });
    } finally {
      caller.close();
    }
    log.info("warmed up", { ms: Math.round(performance.now() - began) });
  } catch (error) {
    log.warn("could not warm up, the first chat will be slower", { error });
  } finally {
    clearTimeout(limit);
    answered.resolve();
  }
}
