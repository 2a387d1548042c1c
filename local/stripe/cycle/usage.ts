import type { Tx } from "../store.ts";
import type { Meter } from "../types.ts";

/**
 * The counted events of a customer with `from <= timestamp < to`, as decimal text; null when there
 * are none. Rejected and cancelled events do not count.
 */
export async function sumUsage(
  tx: Tx,
  meter: Meter,
  span: { customer: string; from: number; to: number },
): Promise<string | null> {
  const aggregate = {
    sum: "sum(value)",
    count: "count(*)",
    last: "(array_agg(value order by at desc, seq desc))[1]",
  }[meter.default_aggregation.formula];
  const rows = await tx.query<{ total: string | null; events: string }>(
    `select ${aggregate}::text as total, count(*) as events from stripe_local.meter_events
     where event_name = $1 and customer = $2 and at >= $3 and at < $4 and rejected is null`,
    [meter.event_name, span.customer, span.from, span.to],
  );
  return rows[0] && rows[0].events !== "0" ? rows[0].total : null;
}
