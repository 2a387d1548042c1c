/** How much one bot may ask at once and in a minute, and how much may wait in memory over all bots. */
import type { Clock } from "../clock.ts";
import { MAX_SAME_CALLS } from "./breaker-loop.ts";

export interface Limits {
  concurrent: number;
  perMinute: number;
  /** Input that no cache held, and output. Not limited where it is left out. */
  tokensPerMinute?: number;
  /** Equal calls, one after the other within some minutes, before the breaker trips. Not limited where left out. */
  sameCalls?: number;
}

/**
 * A bot with sub-agents runs a handful of calls at once; more is a loop. Two million tokens a minute
 * is what Anthropic's highest published tier gives a whole organisation (rate limits, Claude Sonnet 4.x),
 * so one bot that takes all of it takes it from everybody.
 */
export const DEFAULT_LIMITS: Limits = {
  concurrent: 16,
  perMinute: 240,
  tokensPerMinute: 2_000_000,
  sameCalls: MAX_SAME_CALLS,
};
/**
 * Marks of JSON (check-json.ts) that one bot may have read in a minute. A mark takes about a microsecond
 * when it is a hostile one, so nobody takes more than a fifteenth of a core; 240 requests of a usual
 * size have half a million.
 */
const WORK_PER_MINUTE = 4_000_000;
const MAX_BOTS = 50_000;
/** Nobody is told to wait longer: by then the whole minute is there again. */
const LONGEST_WAIT_S = 60;

/** A bucket that fills up with time. What is taken may come to more than was in it: then it is in debt. */
class Bucket {
  readonly #perMinute: number;
  #left: number;
  #at: number;

  constructor(perMinute: number, now: number) {
    this.#perMinute = perMinute;
    this.#left = perMinute;
    this.#at = now;
  }

  /** Seconds until so much is there; 0 when it is. More than the bucket holds is there when it is full. */
  wait(amount: number, now: number): number {
    this.#left = Math.min(this.#perMinute, this.#left + ((now - this.#at) * this.#perMinute) / 60_000);
    this.#at = now;
    const missing = Math.min(amount, this.#perMinute) - this.#left;
    return missing <= 0 ? 0 : Math.min(LONGEST_WAIT_S, Math.ceil((missing * 60) / this.#perMinute));
  }

  take(amount: number): void {
    this.#left -= amount;
  }
}

interface Meter {
  running: number;
  requests: Bucket;
  tokens: Bucket;
  work: Bucket;
}

export class Limiter {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #limits: Limits;
  readonly #bots = new Map<string, Meter>();

  constructor(clock: Pick<Clock, "monotonicMs">, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** @returns a function that ends the request, or undefined when the bot has to wait. */
  start(botId: string): (() => void) | undefined {
    const meter = this.#meter(botId);
    if (meter.running >= this.#limits.concurrent) return undefined;
    if (meter.requests.wait(1, this.#clock.monotonicMs()) > 0) return undefined;
    meter.requests.take(1);
    meter.running += 1;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      meter.running -= 1;
    };
  }

  /**
   * Takes what a call may come to off the bot's minute.
   * @returns the seconds to wait, or what to call with the tokens each attempt really came to: the
   * estimate is given back at the first.
   */
  takeTokens(botId: string, estimate: number): number | ((actual: number) => void) {
    const { tokens } = this.#meter(botId);
    const wait = tokens.wait(estimate, this.#clock.monotonicMs());
    if (wait > 0) return wait;
    tokens.take(estimate);
    let reserved = estimate;
    return (actual) => {
      tokens.take(actual - reserved);
      reserved = 0;
    };
  }

  /** Takes what reading a request costs off the bot's minute. @returns the seconds to wait, or 0. */
  takeWork(botId: string, marks: number): number {
    const { work } = this.#meter(botId);
    const wait = work.wait(marks, this.#clock.monotonicMs());
    if (wait === 0) work.take(marks);
    return wait;
  }

  #meter(botId: string): Meter {
    const known = this.#bots.get(botId);
    if (known) return known;
    if (this.#bots.size >= MAX_BOTS) this.#forgetIdle();
    const now = this.#clock.monotonicMs();
    const { perMinute, tokensPerMinute = Number.MAX_SAFE_INTEGER } = this.#limits;
    const meter = {
      running: 0,
      requests: new Bucket(perMinute, now),
      tokens: new Bucket(tokensPerMinute, now),
      work: new Bucket(WORK_PER_MINUTE, now),
    };
    this.#bots.set(botId, meter);
    return meter;
  }

  #forgetIdle(): void {
    for (const [botId, meter] of this.#bots) if (meter.running === 0) this.#bots.delete(botId);
  }
}
