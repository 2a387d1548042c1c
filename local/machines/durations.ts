/** Go's way to write a duration: "20s", "1m30s", "500ms"; a bare number is nanoseconds. */
const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds, or undefined where it is not a duration. */
export function durationMs(value: string | number): number | undefined {
  if (typeof value === "number") return value >= 0 ? value / 1_000_000 : undefined;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(value)) return undefined;
  let total = 0;
  for (const [, amount, , unit] of value.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g))
    total += Number(amount) * (unitMs[unit ?? ""] ?? 0);
  return total;
}
