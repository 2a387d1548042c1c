/** How much one bot may ask at once and in a minute, and how much may wait in memory over all bots. */
import type { Clock } from "../clock.ts";

export interface Limits {
  concurrent: number;
  perMinute: number;
}

/** A bot with sub-agents runs a handful of calls at once; more is a loop. */
const DEFAULTS: Limits = { concurrent: 16, perMinute: 240 };
const MAX_BOTS = 50_000;

interface Meter {
  running: number;
  /** Requests that may start at once; refilled with time. */
  left: number;
  at: number;
}

export class Limiter {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #bots = new Map<string, Meter>();

  constructor(clock: Clock, limits: Limits = DEFAULTS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** @returns a function that ends the request, or undefined when the bot has to wait. */
  start(botId: string): (() => void) | undefined {
    const now = this.#clock.monotonicMs();
    const { concurrent, perMinute } = this.#limits;
    const meter = this.#bots.get(botId) ?? { running: 0, left: perMinute, at: now };
    meter.left = Math.min(perMinute, meter.left + ((now - meter.at) * perMinute) / 60_000);
    meter.at = now;
    if (meter.running >= concurrent || meter.left < 1) return undefined;
    meter.left -= 1;
    meter.running += 1;
    this.#bots.set(botId, meter);
    if (this.#bots.size > MAX_BOTS) this.#forgetIdle();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      meter.running -= 1;
    };
  }

  #forgetIdle(): void {
    for (const [botId, meter] of this.#bots) if (meter.running === 0) this.#bots.delete(botId);
  }
}
