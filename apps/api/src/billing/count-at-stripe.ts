/** What Stripe has summed up for a customer. Its numbers are JavaScript's: exact below 2^53 micro-dollars. */
import { AppError } from "../errors.ts";
import { type StripeSettings, stripeOf, withStripe } from "./stripe.ts";

export interface MeterOf {
  config: StripeSettings;
  /** Stripe's id of the meter. */
  meter: string;
}

export interface Span {
  customer: string;
  /** Unix seconds, on a whole minute; on a whole hour or day where it is cut into these. */
  from: number;
  to: number;
}

const HOUR = 3600;
const DAY = 24 * HOUR;
/** Stripe's largest page. */
const PAGE = 100;

/** Micro-dollars of a span. */
export async function countSpan({ config, meter }: MeterOf, span: Span): Promise<bigint> {
  const { data } = await withStripe(() =>
    stripeOf({ config }).billing.meters.listEventSummaries(meter, {
      customer: span.customer,
      start_time: span.from,
      end_time: span.to,
    }),
  );
  return data.reduce((sum, entry) => sum + whole(entry.aggregated_value), 0n);
}

/** Micro-dollars of the minute in which an event lies. We send one a customer and minute. */
export function countMinute(of: MeterOf, event: { customer: string; eventAt: Date }): Promise<bigint> {
  const from = Math.floor(event.eventAt.getTime() / 60_000) * 60;
  return countSpan(of, { customer: event.customer, from, to: from + 60 });
}

/** Micro-dollars of each hour of a day that has any, by the hour's first second. */
export async function countHours(
  { config, meter }: MeterOf,
  { customer, from }: { customer: string; from: number },
): Promise<Map<number, bigint>> {
  const { data } = await withStripe(() =>
    stripeOf({ config }).billing.meters.listEventSummaries(meter, {
      customer,
      start_time: from,
      end_time: from + DAY,
      value_grouping_window: "hour",
      limit: PAGE,
    }),
  );
  return new Map(data.map((entry) => [entry.start_time, whole(entry.aggregated_value)]));
}

function whole(value: number): bigint {
  if (!Number.isSafeInteger(value)) {
    throw new AppError("upstream_failed", "Stripe's sum is no whole number of micro-dollars.", {
      detail: { value },
    });
  }
  return BigInt(value);
}
