import type { Deps } from "../deps.ts";
import { isMissing, stripeOf, withStripe } from "./stripe.ts";
import { moveBatch, selectByIdentifiers } from "./meter-table.ts";

/**
 * Stripe drops some events after it has said 200, and reports so hours later. The report is asked for
 * by its id; the batches it names are marked and a person is told. It names samples only: what it does
 * not name is found by the confirmation (confirm-batches.job.ts). Twice is once.
 */
export async function handleMeterReport(
  deps: Deps,
  eventId: string,
): Promise<{ state: "done" | "ignored"; note: string }> {
  const report = await withStripe(() =>
    stripeOf(deps)
      .v2.core.events.retrieve(eventId)
      .catch((error: unknown) => {
        // Stripe keeps events for thirty days.
        if (isMissing(error)) return undefined;
        throw error;
      }),
  );
  if (!report) return { state: "ignored", note: "Stripe has no such event any more" };
  if (report.type === "v1.billing.meter.no_meter_found") {
    deps.log.error({ event: eventId, report: report.data }, "Stripe finds no meter for our events");
    return { state: "done", note: "no meter found" };
  }
  if (report.type !== "v1.billing.meter.error_report_triggered") {
    return { state: "ignored", note: "nothing follows from this type" };
  }
  const { error_count: count, error_types: types } = report.data.reason;
  let marked = 0;
  for (const { code, sample_errors: samples } of types) {
    for (const { error_message: message, request } of samples) {
      marked += await reject(deps, request.identifier, `${code}: ${message}`.slice(0, 300));
    }
  }
  deps.log.error(
    { event: eventId, count, marked, codes: types.map((type) => type.code) },
    "Stripe dropped reported usage: mend the cause, then run molt ledger resend",
  );
  return { state: "done", note: `${count} dropped, ${marked} of ours marked` };
}

/** @param name the event's identifier, or our idempotency key, which begins with it. */
async function reject(deps: Deps, name: string, note: string): Promise<number> {
  const [identifier = name] = name.split("@");
  let marked = 0;
  for (const batch of await selectByIdentifiers(deps.db, [identifier])) {
    // Also one whose answer was lost, so that it is not sent into the same trouble again and again.
    const from = ["pending", "sent", "confirmed"] as const;
    if (await moveBatch(deps.db, batch.id, { from, to: "rejected", note })) marked += 1;
  }
  return marked;
}
