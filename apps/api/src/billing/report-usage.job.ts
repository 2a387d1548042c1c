import type { Deps } from "../deps.ts";
import { foldUsage } from "./fold-usage.ts";
import { sendBatches } from "./send-batches.job.ts";

const DAY_MS = 24 * 60 * 60_000;

/**
 * From the ledger to Stripe: fold, then send. Returns a job that looks at the last days only, and at
 * all there are in its first run and once a day: a call settled long after its day is billed then.
 */
export function createMetering(deps: Deps): (signal: AbortSignal) => Promise<string> {
  let wholeAtMs: number | undefined;
  return async (signal) => {
    const nowMs = deps.clock.monotonicMs();
    const isWhole = wholeAtMs === undefined || nowMs - wholeAtMs >= DAY_MS;
    const written = await foldUsage(deps, { days: isWhole ? "all" : "recent" }, signal);
    if (isWhole && !signal.aborted) wholeAtMs = nowMs;
    const sent = await sendBatches(deps, signal);
    return [written > 0 ? `wrote ${written} meter batches` : "", sent].filter(Boolean).join(", ");
  };
}
