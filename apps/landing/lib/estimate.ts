/** The calculator's sum, in whole pico-dollars like the ledger's own. */
import { chargePicos } from "../../../packages/contract/src/money.ts";

/** Whole pico-dollars a token, as the price list has them. */
export interface PricedModel {
  id: string;
  provider: string;
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
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
  const perCall =
    fresh * BigInt(model.input) +
    cached * BigInt(model.cacheRead) +
    BigInt(habits.outputTokens) * BigInt(model.output);
  const cost = calls * perCall;
  const charge = chargePicos(cost);
  return { cost, charge, total: PLAN_PICOS + charge };
}
