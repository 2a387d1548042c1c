/**
 * What providers charge for a token, as of a dated snapshot (prices.data.ts, made by
 * scripts/refresh-prices.ts from @pydantic/genai-prices). Whole pico-dollars per token:
 * $3.00 a million tokens is 3_000_000. An unknown model has no price and must not be called.
 */
import { priceSnapshot } from "./prices.data.ts";

/** Pico-dollars per token (1_000_000_000_000 = $1). */
export interface UnitPrices {
  /** Input tokens that neither came from nor went into the cache. */
  input: number;
  output: number;
  cacheRead: number;
  /** Cache write that lives 5 minutes, and one that lives an hour. */
  cacheWrite: number;
  cacheWrite1h: number;
}

export interface ModelPrice extends UnitPrices {
  /** The provider's own id, which aliases resolve to. */
  model: string;
  /** Whose price it is: the same model may cost something else at another provider. */
  provider: PricedProvider;
  /** Kept on every row of the ledger. */
  version: string;
  /** Most input tokens of one call, in tokens. */
  contextWindow: number;
  /** Replaces all prices of a call whose input, cache included, has more tokens than `above`. */
  long: ({ above: number } & UnitPrices) | undefined;
}

/** One period of one model in the snapshot. `from` is an ISO day, absent for the first period. */
export interface PricePeriod extends UnitPrices {
  from?: string;
  long?: { above: number } & UnitPrices;
}

export type PricedProvider = "anthropic" | "openai" | "openrouter" | "molt" | "own";

export interface SnapshotModel {
  id: string;
  provider: PricedProvider;
  contextWindow: number;
  /** `=id` equal, `^id` equal or that id with a date behind it, `~regex` matches. Any one is enough. */
  match: readonly string[];
  periods: readonly PricePeriod[];
}

/** The stand-in's model: priced like a small one, so that bills, caps and screens have something to show. */
const demoModel: SnapshotModel = {
  id: "molt-demo-1",
  provider: "molt",
  contextWindow: 200_000,
  match: ["=molt-demo-1"],
  periods: [
    { input: 250_000, output: 1_250_000, cacheRead: 25_000, cacheWrite: 312_500, cacheWrite1h: 500_000 },
  ],
};

const models: readonly SnapshotModel[] = [demoModel, ...priceSnapshot.models];
const found = new Map<string, SnapshotModel | undefined>();
/** Names come from bots: the memory of them is bounded. */
const MAX_REMEMBERED = 1_000;

/**
 * The price of a model under any of its names, or undefined when it has none: then refuse the call.
 * Ids with a vendor in front (`anthropic/claude-…`) are OpenRouter's.
 * @param day ISO day the price is for; without it, the day of the snapshot.
 */
export function priceOf(model: string, day: string = priceSnapshot.day): ModelPrice | undefined {
  const entry = findModel(model);
  const period = entry?.periods.findLast(({ from }) => from === undefined || from <= day);
  if (!entry || !period) return undefined;
  const { from, long, ...units } = period;
  const version = from === undefined ? priceSnapshot.version : `${priceSnapshot.version}+${from}`;
  return {
    ...units,
    long,
    model: entry.id,
    provider: entry.provider,
    version,
    contextWindow: entry.contextWindow,
  };
}

function findModel(name: string): SnapshotModel | undefined {
  if (found.has(name)) return found.get(name);
  const entry = models.find(({ match }) => match.some((pattern) => isMatch(pattern, name)));
  if (found.size < MAX_REMEMBERED) found.set(name, entry);
  return entry;
}

const DATED = /^([-@]?\d{4,8}|-\d{4}-\d{2}-\d{2}|-latest)?$/;

function isMatch(pattern: string, name: string): boolean {
  const rest = pattern.slice(1);
  if (pattern.startsWith("=")) return name === rest;
  // Not whatever begins so: claude-sonnet-5-5 is another model than claude-sonnet-5, and may cost another price.
  if (pattern.startsWith("^")) return name.startsWith(rest) && DATED.test(name.slice(rest.length));
  return new RegExp(rest).test(name);
}

/** Every model with a price, by the provider's own id. */
export function modelIds(): string[] {
  return models.map(({ id }) => id);
}
