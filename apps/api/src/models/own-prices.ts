/** The operator's own prices, which win over the snapshot: MOLT_MODEL_PRICES, dollars a million tokens. */
import { createHash } from "node:crypto";
import { type ModelPrice, priceOf, type UnitPrices } from "@molt/contract";
import { ConfigError } from "../config.ts";

/** Of a model that nobody knows. */
const CONTEXT_WINDOW = 128_000;
/** A day after every price: the newest one of a model. */
const LAST_DAY = "9999-12-31";

/** @throws {ConfigError} naming what is wrong. */
export function readOwnPrices(text: string | undefined): Map<string, ModelPrice> {
  if (!text) return new Map();
  let listed: unknown;
  try {
    listed = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError("MOLT_MODEL_PRICES is not valid JSON.", { cause });
  }
  if (typeof listed !== "object" || listed === null)
    throw new ConfigError("MOLT_MODEL_PRICES must be a JSON object.");
  return new Map(
    Object.entries(listed).map(([model, entry]: [string, unknown]) => [model, ownPrice(model, entry)]),
  );
}

/**
 * What is left out is as at the known model of that name, its prices in proportion to the input's: two
 * numbers change what a model costs, and neither what a cached token is worth beside a fresh one nor
 * where a long prompt begins. Of an unknown model every kind of input costs the same.
 */
function ownPrice(model: string, entry: unknown): ModelPrice {
  const fields = (typeof entry === "object" && entry !== null ? entry : {}) as Record<string, unknown>; // every field is checked below
  const read = (name: string): number | undefined => {
    const value = fields[name];
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isFinite(value) || value < 0 || value > 10_000_000)
      throw new ConfigError(`MOLT_MODEL_PRICES: ${model}.${name} must be a number.`);
    return value;
  };
  const picos = (name: keyof UnitPrices): number | undefined => {
    const dollars = read(name);
    return dollars === undefined ? undefined : Math.round(dollars * 1e6);
  };
  const needed = (name: "input" | "output"): number => {
    const found = picos(name);
    if (found === undefined) throw new ConfigError(`MOLT_MODEL_PRICES: ${model}.${name} must be a number.`);
    return found;
  };
  const known = priceOf(model, LAST_DAY);
  const units = { input: needed("input"), output: needed("output") };
  const like = (name: keyof UnitPrices) => picos(name) ?? inProportion(units.input, known, name);
  const all = {
    ...units,
    cacheRead: like("cacheRead"),
    cacheWrite: like("cacheWrite"),
    cacheWrite1h: like("cacheWrite1h"),
  };
  const rest = {
    contextWindow: Math.trunc(read("contextWindow") ?? known?.contextWindow ?? CONTEXT_WINDOW),
    ...all,
    long: longPrice(all, known),
  };
  return { model, provider: "own", version: versionOf(rest), ...rest };
}

function inProportion(input: number, known: ModelPrice | undefined, name: keyof UnitPrices): number {
  return known && known.input > 0 ? Math.round((known[name] * input) / known.input) : input;
}

/** As much dearer than the short one, kind by kind, as it is at the known model. */
function longPrice(own: UnitPrices, known: ModelPrice | undefined): ModelPrice["long"] {
  const long = known?.long;
  if (!long) return undefined;
  const scaled = (name: keyof UnitPrices) =>
    known[name] > 0 ? Math.round((long[name] * own[name]) / known[name]) : own[name];
  return {
    above: long.above,
    input: scaled("input"),
    output: scaled("output"),
    cacheRead: scaled("cacheRead"),
    cacheWrite: scaled("cacheWrite"),
    cacheWrite1h: scaled("cacheWrite1h"),
  };
}

/** Different for every other price, so that a row says at which of them its call was made. */
function versionOf(price: Omit<ModelPrice, "model" | "provider" | "version">): string {
  const all = createHash("sha256").update(JSON.stringify(price)).digest("hex").slice(0, 8);
  return `own-${price.input}-${price.output}-${all}`;
}
