/** The calculator's sum, in whole pico-dollars like the ledger's own. */
import { chargePicos } from "../../../packages/contract/src/money.ts";
import type { UnitPrices } from "../../../packages/contract/src/prices.ts";

/** Whole pico-dollars a token, as the price list has them. */
export interface PricedModel extends UnitPrices {
  id: string;
  provider: string;
  /** What counts instead for a call with more input tokens than `above`. */
  long: ({ above: number } & UnitPrices) | undefined;
}

export interface Habits {
  messagesPerDay: number;
  callsPerMessage: number;
  inputTokens: number;
  /** Share of the input that is read from the cache, in whole percent. */
  cachedPercent: number;
  outputTokens: number;
}

export const PLAN_PICOS = 50_000_000_000_000n;
export const DAYS = 30;

/** A month of these habits at the provider (`cost`), at us (`charge`), and with the plan (`total`). */
export function estimate(
  model: PricedModel,
  habits: Habits,
): { cost: bigint; charge: bigint; total: bigint } {
  const calls = BigInt(habits.messagesPerDay) * BigInt(habits.callsPerMessage) * BigInt(DAYS);
  const cached = (BigInt(habits.inputTokens) * BigInt(habits.cachedPercent)) / 100n;
  const fresh = BigInt(habits.inputTokens) - cached;
  const unit = model.long && habits.inputTokens > model.long.above ? model.long : model;
  const perCall =
    fresh * BigInt(unit.input) +
    cached * BigInt(unit.cacheRead) +
    BigInt(habits.outputTokens) * BigInt(unit.output);
  const cost = calls * perCall;
  const charge = chargePicos(cost);
  return { cost, charge, total: PLAN_PICOS + charge };
}
