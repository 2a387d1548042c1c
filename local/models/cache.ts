/**
 * Prompt caching as the providers bill it. A prefix is known by the hash of everything up to it:
 * the first sight is a cache write, a repeat within its time to live a cache read.
 */
import { createHash } from "node:crypto";
import { countTokens } from "./tokens.ts";
import type { Prompt, Usage } from "./prompt.ts";

/** Shortest prefix that is cached at all (Anthropic's documented minimum for most models). */
const MIN_TOKENS = 1024;
const MAX_ENTRIES = 10_000;
const TTL_MS = { "5m": 5 * 60_000, "1h": 60 * 60_000 };

export class PrefixCache {
  /** Insertion order is age: the oldest entry leaves first. */
  readonly #expiry = new Map<string, number>();

  /** Counts the input of a prompt with explicit breakpoints (Anthropic). */
  countMarked(prompt: Prompt, now: number): Usage {
    const points: { hash: string; tokens: number; ttl: "5m" | "1h" }[] = [];
    const hash = createHash("sha256").update(prompt.model);
    let tokens = 0;
    for (const { text, cache } of prompt.segments) {
      tokens += countTokens(text);
      hash.update(text).update("\0");
      if (cache !== undefined) points.push({ hash: hash.copy().digest("base64"), tokens, ttl: cache });
    }
    const usable = points.filter((point) => point.tokens >= MIN_TOKENS);
    const cacheRead = usable.findLast((point) => this.#has(point.hash, now))?.tokens ?? 0;
    const written = { "5m": 0, "1h": 0 };
    let covered = cacheRead;
    for (const point of usable) {
      this.#set(point.hash, now + TTL_MS[point.ttl]);
      if (point.tokens <= covered) continue;
      written[point.ttl] += point.tokens - covered;
      covered = point.tokens;
    }
    return {
      uncached: tokens - covered,
      cacheRead,
      cacheWrite5m: written["5m"],
      cacheWrite1h: written["1h"],
      output: 0,
      thinking: 0,
    };
  }

  /** Counts the input of a prompt that is cached without being asked (OpenAI): reads only. */
  countAutomatic(prompt: Prompt, now: number): Usage {
    const hash = createHash("sha256").update(prompt.model);
    let tokens = 0;
    let cacheRead = 0;
    for (const { text } of prompt.segments) {
      tokens += countTokens(text);
      hash.update(text).update("\0");
      const key = hash.copy().digest("base64");
      if (tokens >= MIN_TOKENS && this.#has(key, now)) cacheRead = tokens - (tokens % 128);
      this.#set(key, now + TTL_MS["5m"]);
    }
    const none = { cacheWrite5m: 0, cacheWrite1h: 0, output: 0, thinking: 0 };
    return { uncached: tokens - cacheRead, cacheRead, ...none };
  }

  #has(key: string, now: number): boolean {
    return (this.#expiry.get(key) ?? 0) > now;
  }

  #set(key: string, until: number): void {
    this.#expiry.delete(key);
    this.#expiry.set(key, until);
    for (const oldest of this.#expiry.keys()) {
      if (this.#expiry.size <= MAX_ENTRIES) break;
      this.#expiry.delete(oldest);
    }
  }
}
