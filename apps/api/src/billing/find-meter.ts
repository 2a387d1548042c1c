import { AppError } from "../errors.ts";
import { meterEventName } from "./ensure-catalog.ts";
import { type StripeSettings, stripeOf, withStripe } from "./stripe.ts";

/**
 * Stripe's id of the meter, found and never made: for looking only.
 * @throws {AppError} unavailable when Stripe does not answer, not_found when there is no such meter.
 */
export async function findMeter({ config }: { config: StripeSettings }): Promise<string> {
  const { data } = await withStripe(() =>
    stripeOf({ config }).billing.meters.list({ status: "active", limit: 100 }),
  );
  const found = data.find((meter) => meter.event_name === meterEventName);
  if (!found) throw new AppError("not_found", `Stripe has no active meter for ${meterEventName}.`);
  return found.id;
}
