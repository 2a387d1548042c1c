import type { Check } from "../../apps/api/src/audit/check.ts";

/** One line that says whether a claim holds, and below it what speaks against it. */
export function describeCheck({ ok, id, claim, count, sample, note }: Check): string {
  const head = `${ok ? "ok  " : "FAIL"}  ${id.padEnd(16)} ${claim}${note === undefined ? "" : ` (${note})`}`;
  if (ok) return head;
  const rows = sample.map(
    (one) =>
      `        ${JSON.stringify(one, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value))}`,
  );
  const more = count > sample.length ? [`        … and ${count - sample.length} more`] : [];
  return [`${head}: ${count} differ`, ...rows, ...more].join("\n");
}
