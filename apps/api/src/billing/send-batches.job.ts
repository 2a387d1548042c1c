/**
 * Tells Stripe's meter about each batch once. A repeated identifier is refused by Stripe for a day: in
 * that time a batch is sent as often as it takes. After it the minute of the event is read from Stripe's
 * sums first, and only what is not in them is sent again, under a new identifier.
 */
import type { Deps } from "../deps.ts";
import { failpoint } from "../failpoints.ts";
import { countMinute } from "./count-at-stripe.ts";
import { type Catalog, ensureCatalog, meterEventName } from "./ensure-catalog.ts";
import {
  claimBatches,
  type ClaimedBatch,
  moveBatch,
  postponeBatch,
  renewBatch,
  stampBatch,
  type Stamp,
} from "./meter-table.ts";
import { readMeterRefusal, stripeOf } from "./stripe.ts";

const TOGETHER = 10;
const NEXT_MINUTE_S = 60;
/** Stripe's sums lag; a day-old batch has time. */
const UNTIL_SUMMED_S = 30 * 60;

/** Safe on two workers and after any death: see the states in supabase/migrations/…_meter.sql. */
export async function sendBatches(deps: Deps, signal: AbortSignal): Promise<string> {
  let handled = 0;
  while (!signal.aborted) {
    const claimed = await claimBatches(deps.db, TOGETHER);
    if (claimed.length === 0) break;
    const catalog = await ensureCatalog(deps);
    const answers = await Promise.all(claimed.map((batch) => handle(deps, catalog, batch)));
    handled += claimed.length;
    if (answers.includes("down") || claimed.length < TOGETHER) break;
  }
  return handled === 0 ? "" : `handled ${handled} meter batches`;
}

type Answer = "done" | "down";

async function handle(deps: Deps, catalog: Catalog, batch: ClaimedBatch): Promise<Answer> {
  if (batch.isStale && batch.eventAt) {
    return lookFirst(deps, catalog, { ...batch, eventAt: batch.eventAt }).catch(async (err: unknown) => {
      deps.log.warn(
        { identifier: batch.identifier, err },
        "Stripe's sums could not be read, will be tried again",
      );
      await postponeBatch(deps.db, batch.id, { note: "Stripe's sums could not be read" });
      return "down" as const;
    });
  }
  const stamp = await stampBatch(deps.db, batch.id);
  if (stamp) return send(deps, batch, stamp);
  await postponeBatch(deps.db, batch.id, { note: "another event in this minute", seconds: NEXT_MINUTE_S });
  return "done";
}

async function send(deps: Deps, batch: ClaimedBatch, { customer, eventAt }: Stamp): Promise<Answer> {
  try {
    await stripeOf(deps).billing.meterEvents.create(
      {
        event_name: meterEventName,
        identifier: batch.identifier,
        timestamp: Math.floor(eventAt.getTime() / 1000),
        payload: { stripe_customer_id: customer, value: batch.micros.toString() },
      },
      // A key an attempt: Stripe repeats a stored 500 to a known key. The identifier keeps it single.
      { idempotencyKey: `${batch.identifier}@${batch.attempts}` },
    );
    await failpoint("after-meter-send-before-mark");
  } catch (error) {
    return refused(deps, batch, error);
  }
  await moveBatch(deps.db, batch.id, { from: ["pending"], to: "sent", note: null });
  return "done";
}

async function refused(deps: Deps, batch: ClaimedBatch, error: unknown): Promise<Answer> {
  const { verdict, isDown, why } = readMeterRefusal(error);
  const { id, userId, identifier, attempts } = batch;
  switch (verdict) {
    case "known":
      await moveBatch(deps.db, id, { from: ["pending"], to: "sent", note: "accepted by an earlier attempt" });
      break;
    case "later":
      deps.log.warn({ identifier, attempts, why }, "usage could not be reported, will be tried again");
      await postponeBatch(deps.db, id, { note: why });
      break;
    case "never":
      await moveBatch(deps.db, id, { from: ["pending"], to: "dead", note: why });
      deps.log.error(
        { identifier, userId, customer: batch.customer, micros: batch.micros.toString(), why },
        "Stripe refuses reported usage: mend the cause, then run molt ledger resend",
      );
  }
  return isDown ? "down" : "done";
}

/** For a batch whose answers were all lost and whose identifier Stripe may have forgotten. */
async function lookFirst(
  deps: Deps,
  { meter }: Catalog,
  batch: ClaimedBatch & { eventAt: Date },
): Promise<Answer> {
  const { id, identifier, micros } = batch;
  const counted = await countMinute({ config: deps.config, meter }, batch);
  if (counted === micros) {
    await moveBatch(deps.db, id, { from: ["pending"], to: "sent", note: "found in Stripe's sums" });
  } else if (counted > 0n) {
    const note = `Stripe counted ${counted} in its minute, we sent ${micros}`;
    await moveBatch(deps.db, id, { from: ["pending"], to: "dead", note });
    deps.log.error({ identifier, customer: batch.customer, note }, "Stripe's sum of a minute is not ours");
  } else if (batch.wasTriedLately) {
    await postponeBatch(deps.db, id, { note: "waits for Stripe's sums", seconds: UNTIL_SUMMED_S });
  } else {
    await renewBatch(deps.db, batch);
    deps.log.warn({ identifier }, "Stripe never counted this usage, it is reported anew");
  }
  return "done";
}
