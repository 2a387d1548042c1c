/**
 * How much of the waitlist a stranger may take. Three fences: requests of one network address, posts for
 * one mail domain, and posts for all that nobody confirmed. A post for an address that is on the list
 * already counts like any other, or the limit would tell. Of all, and of domains where very many people
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
  /** Of all networks of one IPv6 customer: a /48, which holds 65,536 of what counts as an address. */
  perSiteDay: 60,
  dayMs: 24 * 60 * 60_000,
  /** Posts a day, over all and for one mail domain. */
  perDay: 2_000,
  perDomain: 40,
  /** Domains where very many people have their mailbox. */
  perLargeDomain: 800,
  /** Mails that ask one address for the second opt-in, and the pause between two of them. */
  asks: 3,
  askPauseMs: 60_000,
} as const;

/** Canonical domains: whoever has a mailbox there does not own the domain. */
export const largeDomains =
  `gmail.com aol.com comcast.net fastmail.com hey.com icloud.com mac.com mail.com me.com msn.com
  proton.me protonmail.com pm.me tutanota.com tuta.io tuta.com zoho.com yandex.com yandex.ru mail.ru qq.com 163.com
  126.com naver.com hotmail.com hotmail.de hotmail.co.uk hotmail.fr hotmail.it hotmail.es live.com live.de live.co.uk
  live.nl live.fr outlook.com outlook.de outlook.fr outlook.es outlook.at yahoo.com yahoo.de yahoo.co.uk yahoo.fr
  yahoo.it yahoo.es yahoo.co.in yahoo.co.jp ymail.com rocketmail.com gmx.com gmx.de gmx.net gmx.at gmx.ch web.de
  t-online.de freenet.de arcor.de posteo.de mailbox.org bluewin.ch orange.fr wanadoo.fr free.fr laposte.net
  libero.it virgilio.it ziggo.nl kpnmail.nl telenet.be wp.pl onet.pl o2.pl interia.pl seznam.cz btinternet.com
  sky.com verizon.net att.net sbcglobal.net cox.net rogers.com shaw.ca bigpond.com uol.com.br bol.com.br`.split(
    /\s+/,
  );

export function isLarge(domain: string): boolean {
  return largeDomains.includes(domain);
}

interface Span {
  ms: number;
  max: number;
  refusal: () => AppError;
  /** What an address is counted under; undefined: not at all. */
  key: (ip: string) => string | undefined;
}

/** Addresses remembered for each span; the oldest is forgotten first, so memory is bounded whatever comes. */
const MAX_ADDRESSES = 20_000;
const MINUTE_MS = 60_000;

/** An IPv6 customer has at least a /64: counting single addresses there would count nothing. */
const perNetwork = (ip: string) => ipv6Prefix(ip, 4) ?? ip;

export const perMinute = (max: number): Span => ({
  ms: MINUTE_MS,
  max,
  refusal: tooMany,
  key: perNetwork,
});
export const perDay = (max: number): Span => ({
  ms: limits.dayMs,
  max,
  refusal: tooManyToday,
  key: perNetwork,
});
/** A customer with a /48 has many of them. */
export const perSiteDay = (max: number): Span => ({
  ms: limits.dayMs,
  max,
  refusal: tooManyToday,
  key: (ip) => ipv6Prefix(ip, 3),
});

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
    const now = this.#clock.monotonicMs();
    for (const { span, seen } of this.#spans) {
      const key = span.key(ip);
      if (key === undefined) continue;
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
  return new AppError("rate_limited", "Too many tries. Please wait a minute and try again.");
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

/** The first 16-bit groups of an IPv6 address; undefined where it is none. */
function ipv6Prefix(ip: string, count: number): string | undefined {
  if (!ip.includes(":") || ip.startsWith("::ffff:")) return undefined;
  const [head = "", tail] = ip.split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  return [...groups, ...Array.from({ length: missing }, () => "0")].slice(0, count).join(":");
}
