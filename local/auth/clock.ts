/**
 * The only file of this stand-in that reads the time. Every expiry, limit and token uses it, so a
 * test can move it forward (`POST /__control`) and CLOCK_OFFSET_MS can start it elsewhere.
 */
export interface Clock {
  now(): Date;
  /** Moves the clock by that many milliseconds, also backwards. */
  advance(ms: number): void;
  readonly offsetMs: number;
}

export function createClock(offsetMs = 0): Clock {
  let offset = offsetMs;
  return {
    now: () => new Date(Date.now() + offset),
    advance(ms) {
      offset += ms;
    },
    get offsetMs() {
      return offset;
    },
  };
}

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Seconds since 1970, as JSON Web Tokens count. */
export function unixSeconds(time: Date): number {
  return Math.floor(time.getTime() / secondMs);
}
