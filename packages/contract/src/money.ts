/** Money is whole pico-dollars: 1_000_000_000_000 = $1. Formatting is the only place that rounds. */

export const PICOS_PER_DOLLAR = 1_000_000_000_000n;

/**
 * What the user pays for a provider cost: x 1.2 (founding document, "Pricing"), in whole
 * pico-dollars, rounded up at the last pico so that no fraction is given away.
 * Stripe computes the invoice itself from micro-dollars of provider cost; this is what screens show.
 */
export function chargePicos(costPicos: bigint): bigint {
  return (costPicos * 12n + 9n) / 10n;
}

/**
 * "$1.23", or with up to six decimals while the amount is below a cent, so that small calls do not
 * read "$0.00". Rounds half up; what would round to nothing reads "<$0.000001".
 */
export function formatDollars(amountPicos: bigint): string {
  const negative = amountPicos < 0n;
  const amount = negative ? -amountPicos : amountPicos;
  const decimals = amount === 0n || amount >= PICOS_PER_DOLLAR / 100n ? 2 : 6;
  const unit = PICOS_PER_DOLLAR / 10n ** BigInt(decimals);
  const units = (amount + unit / 2n) / unit;
  if (units === 0n && amount > 0n) return "<$0.000001";
  const scale = 10n ** BigInt(decimals);
  const fraction = (units % scale).toString().padStart(decimals, "0");
  return `${negative ? "-" : ""}$${units / scale}.${fraction}`;
}
