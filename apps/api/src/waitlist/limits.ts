/**
 * How much of the waitlist a stranger may take. Three fences: requests of one network address, entries
 * of one mail domain, and unconfirmed entries of all. Of all, and of domains where very many people
 * have their mailbox, only what was never confirmed counts, so people do not fill the list up. Of any
 * other domain the confirmed count too, because its owner can confirm whatever he invents; so a flood
 * from there is bounded and leaves room for everybody else.
 */
import type { Clock } from "../clock.ts";
import { AppError } from "../errors.ts";

export const limits = {
  /** Requests of one network address a minute (reference: faults, F3), and a day. */
  perAddress: 5,
  perAddressDay: 15,
  /** Entries a day, over all and for one mail domain. */
  perDay: 2_000,
  perDomain: 40,
  /** Domains where very many people have their mailbox. */
  perLargeDomain: 800,
  /** Mails that ask one address for the second opt-in, and the pause between two of them. */
  asks: 3,
  askPauseMs: 60_000,
} as const;

/** Canonical domains: whoever has a mailbox there does not own the domain. */
export const largeDomains = [
  "gmail.com",
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
];

export function isLarge(domain: string): boolean {
  return largeDomains.includes(domain);
}

interface Span {
  ms: number;
  max: number;
  refusal: () => AppError;
}

/** Addresses remembered for each span; the oldest is forgotten first, so memory is bounded whatever comes. */
const MAX_ADDRESSES = 20_000;
const MINUTE_MS = 60_000;

export const perMinute = (max: number): Span => ({ ms: MINUTE_MS, max, refusal: tooMany });
export const perDay = (max: number): Span => ({ ms: 24 * 60 * MINUTE_MS, max, refusal: tooManyToday });

/** Counts requests by network address in this process. */
export class AddressLimit {
  readonly #clock: Clock;
  readonly #spans: { span: Span; seen: Map<string, { count: number; until: number }> }[];
  /** @param spans the shortest first: what one refuses does not count for those after it. */
  constructor(clock: Clock, ...spans: Span[]) {
    this.#clock = clock;
    this.#spans = spans.map((span) => ({ span, seen: new Map() }));
  }

  /** @throws {AppError} rate_limited, also while requests go on after the limit was reached. */
  count(ip: string): void {
    const key = network(ip);
    const now = this.#clock.monotonicMs();
    for (const { span, seen } of this.#spans) {
      const entry = seen.get(key);
      if (entry && entry.until > now) {
        entry.count += 1;
        if (entry.count > span.max) throw span.refusal();
        continue;
      }
      seen.delete(key);
      if (seen.size >= MAX_ADDRESSES) seen.delete(seen.keys().next().value ?? "");
      seen.set(key, { count: 1, until: now + span.ms });
    }
  }
}

function tooMany(): AppError {
  return new AppError("rate_limited", "That was often. Please wait a minute and try again.");
}

function tooManyToday(): AppError {
  return new AppError("rate_limited", "A lot came from your network today. Please try again tomorrow.", {
    reason: "network_today",
  });
}

/** Whoever is refused by it did nothing often, so it must not say so. */
export function listFull(): AppError {
  return new AppError("rate_limited", "The list takes no more today. Please try again tomorrow.", {
    reason: "full_today",
  });
}

/** An IPv6 customer has at least a /64: counting single addresses there would count nothing. */
function network(ip: string): string {
  if (!ip.includes(":") || ip.startsWith("::ffff:")) return ip;
  const [head = "", tail] = ip.split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  return [...groups, ...Array.from({ length: missing }, () => "0")].slice(0, 4).join(":");
}
