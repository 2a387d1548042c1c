/** What a call costs the platform, in whole pico-dollars, and the most it may come to. */
import type { ModelPrice, UnitPrices } from "@molt/contract";

/** Tokens of one call. The four input kinds do not overlap; reasoning is part of output. */
export interface Tokens {
  input: number;
  cacheRead: number;
  cacheWrite: number;
  cacheWrite1h: number;
  output: number;
  reasoning: number;
}

export const noTokens: Tokens = {
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  cacheWrite1h: 0,
  output: 0,
  reasoning: 0,
};

export function totalInput(tokens: Tokens): number {
  return tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.cacheWrite1h;
}

/**
 * Exact: a price per token is a whole number of picos, so nothing is rounded here. The x 1.2 of the
 * founding document ("Pricing") is in the Stripe price, not here.
 * @throws {RangeError} on a negative or fractional count: the caller let an unchecked number in.
 */
export function costPicos(tokens: Tokens, price: ModelPrice): bigint {
  const unit = unitsFor(price, totalInput(tokens));
  return (
    times(tokens.input, unit.input) +
    times(tokens.cacheRead, unit.cacheRead) +
    times(tokens.cacheWrite, unit.cacheWrite) +
    times(tokens.cacheWrite1h, unit.cacheWrite1h) +
    times(tokens.output, unit.output)
  );
}

/**
 * The most a call can cost: every input token at the dearest input price (a cache write for an hour,
 * where the model has one), every output token used.
 */
export function worstCasePicos(input: number, output: number, price: ModelPrice): bigint {
  const unit = unitsFor(price, input);
  const dearest = Math.max(unit.input, unit.cacheRead, unit.cacheWrite, unit.cacheWrite1h);
  return times(input, dearest) + times(output, unit.output);
}

function unitsFor(price: ModelPrice, input: number): UnitPrices {
  return price.long && input > price.long.above ? price.long : price;
}

function times(count: number, picos: number): bigint {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`expected a token count, got ${count}`);
  return BigInt(count) * BigInt(picos);
}
