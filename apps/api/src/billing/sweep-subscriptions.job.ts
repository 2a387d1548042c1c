import type { Deps } from "../deps.ts";
import { syncSubscription } from "./sync-subscription.ts";
import { customersAfter } from "./table.ts";

const page = 100;
/** Looks in one run. A run that ends here is taken up by the next where it stopped. */
const maxLooks = 5_000;

/**
 * Looks at Stripe for every known customer: what was missed in an outage is repaired here without
 * any event. Returns a job that remembers where it stopped; a customer that fails is left to the
 * next run.
 */
export function createSweep(deps: Deps): (signal: AbortSignal) => Promise<string> {
  let after = "";
  return async (signal) => {
    let looked = 0;
    let failed = 0;
    while (looked < maxLooks && !signal.aborted) {
      const customers = await customersAfter(deps.db, after, page);
      for (const customer of customers) {
        if (signal.aborted) break;
        try {
          await syncSubscription(deps, customer);
        } catch (err) {
          failed += 1;
          deps.log.error({ customer, err }, "plan could not be looked up, the next sweep tries again");
        }
        after = customer;
        looked += 1;
      }
      if (customers.length < page) {
        after = "";
        break;
      }
    }
    return looked === 0 ? "" : `looked at ${looked} plans, ${failed} failed`;
  };
}
