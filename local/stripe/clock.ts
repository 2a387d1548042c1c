/** The stand-in's time: the wall clock plus what was skipped. It only moves forward. */
import type { Tx } from "./store.ts";

/** Unix seconds of the real world: signatures, retries and request times use it. */
export function wallSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Unix seconds of the billing world. */
export async function billingNow(tx: Tx): Promise<number> {
  const rows = await tx.query<{ ahead_seconds: string }>("select ahead_seconds from stripe_local.clock");
  return wallSeconds() + Number(rows[0]?.ahead_seconds ?? 0);
}

export async function moveClockTo(tx: Tx, seconds: number): Promise<void> {
  await tx.query("update stripe_local.clock set ahead_seconds = greatest(ahead_seconds, $1)", [
    seconds - wallSeconds(),
  ]);
}

/**
 * The same day of the month `count` intervals after the anchor; a month too short takes its last day
 * (31 January -> 28 February -> 31 March), counted from the anchor so that no day is lost for good.
 */
export function addIntervals(
  anchor: number,
  interval: "day" | "week" | "month" | "year",
  count: number,
): number {
  if (interval === "day") return anchor + count * 86_400;
  if (interval === "week") return anchor + count * 7 * 86_400;
  const from = new Date(anchor * 1000);
  const months = from.getUTCMonth() + (interval === "year" ? 12 * count : count);
  const lastDay = new Date(Date.UTC(from.getUTCFullYear(), months + 1, 0)).getUTCDate();
  const to = new Date(from);
  to.setUTCFullYear(from.getUTCFullYear(), months, Math.min(from.getUTCDate(), lastDay));
  return to.getTime() / 1000;
}
