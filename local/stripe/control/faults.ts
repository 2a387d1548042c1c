/** The misbehaviour a test asked for. Off and empty unless the control path says otherwise. */

/**
 * One rule of the API's misbehaviour. `refuse` answers `status` and does nothing; `lose` does
 * everything, commits, and cuts the connection; `delay` answers after `delayMs`.
 */
export interface ApiFault {
  method?: "GET" | "POST" | "DELETE";
  /** The start of the path: `/v1/checkout/sessions`. */
  path: string;
  kind: "refuse" | "lose" | "delay" | "empty";
  status?: number;
  delayMs?: number;
  /** How many requests it hits; every one when absent. */
  times?: number;
  /** Refusals are not stored under the idempotency key unless asked: a stored 500 is replayed. */
  store?: boolean;
}

export interface DeliveryFaults {
  /** Each event is sent this many times. */
  copies: number;
  /** Events that are due together leave in a random order. */
  shuffle: boolean;
  /** Nothing leaves before this time after its event. */
  delayMs: number;
  /** The next attempts that never leave; each counts as failed and is tried again later. */
  dropFirst: number;
  /** Nothing leaves at all while true. */
  hold: boolean;
  signature: "right" | "wrong_secret" | "missing" | "altered_body" | "truncated_body" | "future" | "old";
  apiVersion: string | null;
}

const calm: DeliveryFaults = {
  copies: 1,
  shuffle: false,
  delayMs: 0,
  dropFirst: 0,
  hold: false,
  signature: "right",
  apiVersion: null,
};

export class Faults {
  #api: ApiFault[] = [];
  delivery: DeliveryFaults = { ...calm };
  /** Seeded, so that a failing order can be had again. */
  #seed = 1;

  set(api: ApiFault[], delivery: Partial<DeliveryFaults>, seed: number): void {
    this.#api = api.map((fault) => ({ ...fault }));
    this.delivery = { ...calm, ...delivery };
    this.#seed = seed >>> 0 || 1;
  }

  /** The first rule that hits this request, used up by one. */
  take(method: string, path: string): ApiFault | undefined {
    const fault = this.#api.find(
      (rule) => (rule.method ?? method) === method && path.startsWith(rule.path) && (rule.times ?? 1) > 0,
    );
    if (fault?.times !== undefined) fault.times -= 1;
    return fault;
  }

  takeDrop(): boolean {
    if (this.delivery.dropFirst <= 0) return false;
    this.delivery.dropFirst -= 1;
    return true;
  }

  shuffle<T>(list: T[]): T[] {
    if (!this.delivery.shuffle) return list;
    return list
      .map((entry) => ({ entry, key: this.#random() }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ entry }) => entry);
  }

  /** mulberry32: small, and the same on every machine. */
  #random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) >>> 0;
    let t = this.#seed;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
}
