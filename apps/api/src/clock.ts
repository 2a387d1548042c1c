/** The only place that reads the time or waits for it. Tests pass their own clock. */
import { setTimeout as delay } from "node:timers/promises";

export interface Clock {
  now(): Date;
  /** Milliseconds that never go backwards, for durations. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock, moved by `offsetMs` (outside production only; config.ts sees to that). */
export function systemClock(offsetMs = 0): Clock {
  return {
    now: () => new Date(Date.now() + offsetMs),
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : undefined),
  };
}
