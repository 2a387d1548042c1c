/**
 * How much of the waitlist a stranger may take. Three fences: requests of one network address,
 * unconfirmed entries of one mail domain, and unconfirmed entries of all. Only what was never
 * confirmed counts, so people do not fill the list up, and a flood from one disposable domain leaves
 * room for everybody else.
 */
import type { Clock } from "../clock.ts";
import { AppError } from "../errors.ts";

export const limits = {
  /** Requests a minute and network address (reference: faults, F3). */
  perAddress: 5,
  /** Unconfirmed entries a day, over all and for one mail domain. */
  perDay: 2_000,
  perDomain: 40,
  /** Domains where very many people have their mailbox. */
  perLargeDomain: 800,
  /** Mails that ask one address for the second opt-in, and the pause between two of them. */
  asks: 3,
  askPauseMs: 60_000,
} as const;

const large = new Set([
  "gmail.com",
  "googlemail.com",
  "outlook.com",
  "hotmail.com",
  "live.com",
  "yahoo.com",
  "icloud.com",
  "proton.me",
  "gmx.de",
  "gmx.net",
  "web.de",
  "t-online.de",
]);

export function domainLimit(domain: string): number {
  return large.has(domain) ? limits.perLargeDomain : limits.perDomain;
}

const WINDOW_MS = 60_000;
/** Addresses remembered; the oldest is forgotten first, so memory is bounded whatever comes. */
const MAX_ADDRESSES = 20_000;

/** Counts requests by network address in this process. */
export class AddressLimit {
  readonly #seen = new Map<string, { count: number; until: number }>();
  readonly #clock: Clock;
  readonly #max: number;
  constructor(clock: Clock, max: number = limits.perAddress) {
    this.#clock = clock;
    this.#max = max;
  }

  /** @throws {AppError} rate_limited, also while requests go on after the limit was reached. */
  count(ip: string): void {
    const key = network(ip);
    const now = this.#clock.monotonicMs();
    const entry = this.#seen.get(key);
    if (entry && entry.until > now) {
      entry.count += 1;
      if (entry.count > this.#max) throw tooMany();
      return;
    }
    this.#seen.delete(key);
    if (this.#seen.size >= MAX_ADDRESSES) this.#seen.delete(this.#seen.keys().next().value ?? "");
    this.#seen.set(key, { count: 1, until: now + WINDOW_MS });
  }
}

export function tooMany(): AppError {
  return new AppError("rate_limited", "That was often. Please wait a minute and try again.");
}

/** An IPv6 customer has at least a /64: counting single addresses there would count nothing. */
function network(ip: string): string {
  if (!ip.includes(":") || ip.startsWith("::ffff:")) return ip;
  const [head = "", tail] = ip.split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  return [...groups, ...Array.from({ length: missing }, () => "0")].slice(0, 4).join(":");
}
