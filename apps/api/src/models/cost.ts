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
 * The most a call can cost: every input token at the dearest input price, every output token used.
 * @param forAnHour whether some of the input may be written to a cache for an hour, which is dearest.
 */
export function worstCasePicos(
  { input, output }: { input: number; output: number },
  price: ModelPrice,
  forAnHour: boolean,
): bigint {
  const unit = unitsFor(price, input);
  const hour = forAnHour ? unit.cacheWrite1h : 0;
  const dearest = Math.max(unit.input, unit.cacheRead, unit.cacheWrite, hour);
  return times(input, dearest) + times(output, unit.output);
}

/**
 * What is left of an estimate when no more than so many picos may be billed for it: input goes first,
 * then output. Nothing that is only believed to have happened may come to more than was reserved.
 */
export function tokensWithin(maxPicos: bigint, tokens: Tokens, price: ModelPrice): Tokens {
  if (costPicos(tokens, price) <= maxPicos) return tokens;
  // Less input never costs more, also across the border of the long price: the most that fits is searched.
  let [fits, above] = [0, totalInput(tokens)];
  while (above - fits > 1) {
    const middle = Math.floor((fits + above) / 2);
    if (costPicos(withInput(tokens, middle), price) <= maxPicos) fits = middle;
    else above = middle;
  }
  const kept = withInput(tokens, fits);
  if (costPicos(kept, price) <= maxPicos) return kept;
  const unit = BigInt(unitsFor(price, 0).output);
  const output = unit === 0n ? tokens.output : Number(maxPicos / unit);
  return { ...kept, output, reasoning: Math.min(tokens.reasoning, output) };
}

/** The same call with at most so much input. What no cache held goes first. */
function withInput(tokens: Tokens, max: number): Tokens {
  let over = Math.max(0, totalInput(tokens) - max);
  const less = (count: number) => {
    const taken = Math.min(count, over);
    over -= taken;
    return count - taken;
  };
  return {
    ...tokens,
    input: less(tokens.input),
    cacheWrite1h: less(tokens.cacheWrite1h),
    cacheWrite: less(tokens.cacheWrite),
    cacheRead: less(tokens.cacheRead),
  };
}

function unitsFor(price: ModelPrice, input: number): UnitPrices {
  return price.long && input > price.long.above ? price.long : price;
}

function times(count: number, picos: number): bigint {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`expected a token count, got ${count}`);
  return BigInt(count) * BigInt(picos);
}
