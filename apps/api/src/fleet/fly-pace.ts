/**
 * Keeps us below Fly's published limits before Fly has to: one request a second per action and
 * machine or app (burst 3), reads five a second (burst 10). Per process; two workers may still meet
 * a 429 now and then, which is retried.
 */
import type { Clock } from "../clock.ts";

interface Bucket {
  tokens: number;
  atMs: number;
}

const maxBuckets = 20_000;

export function createPace(
  clock: Clock,
): (action: string, reads: boolean, signal: AbortSignal) => Promise<void> {
  const buckets = new Map<string, Bucket>();
  return async (action, reads, signal) => {
    const perMs = (reads ? 5 : 1) / 1000;
    const burst = reads ? 10 : 3;
    const now = clock.monotonicMs();
    const old = buckets.get(action);
    const tokens = old === undefined ? burst : Math.min(burst, old.tokens + (now - old.atMs) * perMs);
    // The oldest entry is the first: one that has not been used for long is full again anyway.
    buckets.delete(action);
    if (buckets.size >= maxBuckets)
      for (const key of buckets.keys()) {
        buckets.delete(key);
        break;
      }
    buckets.set(action, { tokens: tokens - 1, atMs: now });
    if (tokens < 1) await clock.sleep((1 - tokens) / perMs, signal);
  };
}
