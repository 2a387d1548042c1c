import type { Deps } from "../deps.ts";
import { countMinute } from "./count-at-stripe.ts";
import { isLiveStatus } from "./derive-billing.ts";
import { ensureCatalog } from "./ensure-catalog.ts";
import { foldUsers } from "./meter-table.ts";
import { sendBatches } from "./send-batches.job.ts";
import { selectBillingUser, selectUnbilled } from "./table.ts";

/** Stripe sums up what it is told within minutes; what it has not counted by then is for the nightly comparison. */
const SUMMED_WITHIN_MS = 10 * 60_000;

/**
 * Brings everything a user has used to Stripe, for somebody whose subscription is about to end: what is
 * told later is on no bill. Call it again until it answers true.
 * @returns whether Stripe has counted it all, or nothing can be billed any more.
 * @throws {AppError} when Stripe does not answer.
 */
export async function flushUsage(deps: Deps, userId: string, signal: AbortSignal): Promise<boolean> {
  const user = await selectBillingUser(deps.db, userId);
  if (!user?.stripe_customer_id || !isLiveStatus(user.subscription_status)) return true;
  await foldUsers(deps.db, [userId], "all");
  await sendBatches(deps, signal);
  const { pending, young } = await selectUnbilled(deps.db, userId, SUMMED_WITHIN_MS);
  if (pending > 0) return false;
  if (young.length === 0) return true;
  const { meter } = await ensureCatalog(deps);
  for (const { customer, eventAt, micros } of young) {
    const counted = await countMinute({ config: deps.config, meter }, { customer, eventAt });
    if (counted < micros) return false;
  }
  return true;
}
