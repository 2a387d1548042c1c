/** Sleep as the gateway understands it: asks whether it is idle, fences new work, and lifts the fence. */
import { randomUUID } from "node:crypto";
import { dialGateway } from "./gateway-call.ts";
import type { GatewayCaller } from "./gateway-call.ts";
import { isRecord } from "./settings.ts";

/** What the platform is told: an HTTP status and a body. */
export interface SuspendAnswer {
  readonly status: 200 | 409;
  readonly body: Record<string, unknown>;
}

const CALL_MS = 10_000;

/**
 * The lease a prepared gateway holds lasts two minutes and ends by itself, also when whoever asked
 * is gone. The last suspensionId is remembered here, because this process sleeps and wakes together
 * with the gateway and a platform may have lost it.
 */
export function suspension(options: { readonly gatewayPort: number; readonly token: string }) {
  const url = `ws://127.0.0.1:${options.gatewayPort}/`;
  let last: string | undefined;

  async function withGateway<T>(work: (caller: GatewayCaller) => Promise<T>): Promise<T> {
    const caller = await dialGateway({ url, token: options.token, timeoutMs: CALL_MS });
    try {
      return await work(caller);
    } finally {
      caller.close();
    }
  }

  return {
    /**
     * 200 `{ready, suspensionId, expiresAtMs, nextWakeAtMs}`: idle and fenced, may be frozen now. 409
     * `{busy, blockers, retryAfterMs}`: at work, nothing changed. `nextWakeAtMs` is when the bot's own
     * schedule calls next (null: never); the gateway does not look at it itself. Repeating with the
     * same requestId renews the same lease.
     * @throws {GatewayError}
     */
    prepare: (requestId: string = randomUUID()): Promise<SuspendAnswer> =>
      withGateway(async (caller) => {
        // A prepared gateway answers nothing but suspension, so a renewal has no schedule to read.
        const nextWakeAtMs = isAccepting(caller)
          ? (await caller.call("cron.status", {})).nextWakeAtMs
          : undefined;
        const answer = await caller.call("gateway.suspend.prepare", { requestId });
        if (answer.status !== "ready") {
          const { blockers, retryAfterMs } = answer;
          return { status: 409, body: { busy: true, blockers: blockers ?? [], retryAfterMs } };
        }
        last = String(answer.suspensionId);
        const { suspensionId, expiresAtMs } = answer;
        return { status: 200, body: { ready: true, suspensionId, expiresAtMs, nextWakeAtMs } };
      }),
    /**
     * 200 `{ready, resumed}`: the gateway takes work; `resumed` says whether a fence had to be lifted.
     * 409 when it is fenced under a suspensionId nobody here knows: it opens when the lease ends.
     * @throws {GatewayError}
     */
    resume: (suspensionId: string | undefined = last): Promise<SuspendAnswer> =>
      withGateway(async (caller) => {
        if (isAccepting(caller)) return { status: 200, body: { ready: true, resumed: false } };
        if (suspensionId === undefined) return { status: 409, body: { busy: true, blockers: [] } };
        const answer = await caller.call("gateway.suspend.resume", { suspensionId });
        return { status: 200, body: { ready: true, resumed: answer.resumed === true } };
      }),
  };
}

function isAccepting(caller: GatewayCaller): boolean {
  const snapshot = isRecord(caller.hello.snapshot) ? caller.hello.snapshot : {};
  const state = isRecord(snapshot.suspension) ? snapshot.suspension : {};
  return state.phase === "accepting";
}
