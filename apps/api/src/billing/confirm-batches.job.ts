/**
 * Compares what we sent with what Stripe has counted, a customer and day at a time, once the day is
 * over. Equal: the batches are confirmed. Different: the hours, then the minutes are read until it is
 * clear which batch is missing; a person gets the figures.
 */
import type { Deps } from "../deps.ts";
import { countHours, countMinute, countSpan, type MeterOf } from "./count-at-stripe.ts";
import { ensureCatalog } from "./ensure-catalog.ts";
import {
  confirmDay,
  type DayBatch,
  moveBatch,
  selectDayBatches,
  selectSentDays,
  type SentDay,
} from "./meter-table.ts";

const PAGE = 200;
const HOUR = 3600;
const DAY = 24 * HOUR;

export interface ConfirmOptions {
  /** How long after a day's end its sums are taken for complete. */
  lagMs?: number;
}

/** Safe to run at any time and any number of times: what is confirmed is not asked for again. */
export async function confirmBatches(
  deps: Deps,
  signal: AbortSignal,
  { lagMs = 2 * HOUR * 1000 }: ConfirmOptions = {},
): Promise<string> {
  let days = 0;
  let drifts = 0;
  let after: SentDay | null = null;
  while (!signal.aborted) {
    const page: SentDay[] = await selectSentDays(deps.db, { after, limit: PAGE, lagMs });
    if (page.length === 0) break;
    const { meter } = await ensureCatalog(deps);
    for (const day of page) {
      if (signal.aborted) break;
      after = day;
      try {
        if (!(await confirm(deps, { config: deps.config, meter }, day))) drifts += 1;
        days += 1;
      } catch (err) {
        deps.log.error({ ...day, err }, "a metered day could not be compared, the next run tries again");
      }
    }
    if (page.length < PAGE) break;
  }
  return days === 0 ? "" : `compared ${days} metered days with Stripe, ${drifts} differ`;
}

/** Answers whether the day is what we sent. */
async function confirm(deps: Deps, of: MeterOf, { customer, day }: SentDay): Promise<boolean> {
  const from = Date.parse(`${day}T00:00:00Z`) / 1000;
  const batches = await selectDayBatches(deps.db, { customer, day });
  const sent = sum(batches);
  const counted = await countSpan(of, { customer, from, to: from + DAY });
  if (counted === sent) {
    await confirmDay(
      deps.db,
      batches.map((batch) => batch.id),
    );
    return true;
  }
  const hours = await countHours(of, { customer, from });
  const byHour = Map.groupBy(batches, ({ eventAt }) => Math.floor(eventAt.getTime() / 1000 / HOUR) * HOUR);
  let ours = 0n;
  const missing: string[] = [];
  for (const [hour, inHour] of byHour) {
    const { good, absent } = await sortHour(of, {
      customer,
      counted: hours.get(hour) ?? 0n,
      batches: inHour,
    });
    await confirmDay(
      deps.db,
      good.map((batch) => batch.id),
    );
    for (const batch of absent) {
      await moveBatch(deps.db, batch.id, { from: ["sent"], to: "rejected", note: "not in Stripe's sums" });
      missing.push(batch.identifier);
    }
    ours += sum(good);
  }
  deps.log.error(
    {
      customer,
      day,
      sentMicros: sent.toString(),
      countedMicros: counted.toString(),
      foreignMicros: (counted - ours).toString(),
      missing: missing.slice(0, 20),
    },
    "Stripe has counted other than what was sent",
  );
  return false;
}

async function sortHour(
  of: MeterOf,
  { customer, counted, batches }: { customer: string; counted: bigint; batches: DayBatch[] },
): Promise<{ good: DayBatch[]; absent: DayBatch[] }> {
  if (counted === sum(batches)) return { good: batches, absent: [] };
  const good: DayBatch[] = [];
  const absent: DayBatch[] = [];
  for (const batch of batches) {
    const inMinute = await countMinute(of, { customer, eventAt: batch.eventAt });
    // More than ours in its minute: ours is among it, what is too much is in the figures above.
    (inMinute >= batch.micros ? good : absent).push(batch);
  }
  return { good, absent };
}

function sum(batches: readonly { micros: bigint }[]): bigint {
  return batches.reduce((total, batch) => total + batch.micros, 0n);
}
