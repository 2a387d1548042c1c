/** Exact amounts: Stripe's decimals have at most twelve places, so a bigint of 10^-12 cents holds them. */

const places = 12;
const one = 10n ** BigInt(places);

/** Units of 10^-12, or undefined for anything that is not a plain decimal of at most twelve places. */
export function parseDecimal(text: string): bigint | undefined {
  const match = /^(-?)(\d{1,20})(?:\.(\d{1,12}))?$/.exec(text);
  if (!match) return undefined;
  const units = BigInt(match[2] ?? "0") * one + BigInt((match[3] ?? "").padEnd(places, "0"));
  return match[1] === "-" ? -units : units;
}

/** "0.00012", without trailing zeros. */
export function formatDecimal(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -places)}${fraction ? `.${fraction}` : ""}`;
}

/** quantity x unit price, rounded half up to whole cents, once. Usage below zero bills as zero. */
export function lineAmount(quantity: string, unitAmountDecimal: string): number {
  const [count, unit] = [parseDecimal(quantity), parseDecimal(unitAmountDecimal)];
  if (count === undefined || unit === undefined) {
    throw new RangeError(`expected two decimals, got ${quantity} x ${unitAmountDecimal}`);
  }
  const exact = count * unit;
  return exact <= 0n ? 0 : Number((exact + (one * one) / 2n) / (one * one));
}
