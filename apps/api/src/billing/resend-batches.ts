import type { Deps } from "../deps.ts";
import { countMinute } from "./count-at-stripe.ts";
import { moveBatch, renewBatch, selectStranded } from "./meter-table.ts";
import type { StripeSettings } from "./stripe.ts";

const PAGE = 1_000;

export interface Resent {
  /** The new identifiers of what goes out again with the worker's next look. */
  renewed: string[];
  /** Was in Stripe's sums after all. */
  counted: string[];
}

/**
 * What Stripe dropped or refused goes out again under new identifiers, after a person has mended the
 * cause. Stripe's sums are read first: nothing that was counted is sent twice.
 * @param meter Stripe's id of the meter.
 */
export async function resendBatches(
  { db }: Pick<Deps, "db">,
  of: { config: StripeSettings; meter: string },
): Promise<Resent> {
  const resent: Resent = { renewed: [], counted: [] };
  for (const batch of await selectStranded(db, PAGE)) {
    const { id, identifier, customer, eventAt, micros, state } = batch;
    const counted = eventAt ? await countMinute(of, { customer, eventAt }) : 0n;
    if (counted >= micros) {
      await moveBatch(db, id, { from: [state], to: "confirmed", note: "found in Stripe's sums" });
      resent.counted.push(identifier);
    } else {
      const renewed = await renewBatch(db, batch);
      if (renewed !== undefined) resent.renewed.push(renewed);
    }
  }
  return resent;
}
