import type { SubscriptionStatus } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { askForBot } from "../fleet/ask-for-bot.ts";
import { pauseBot } from "../fleet/pause-bot.ts";
import { deriveBilling, type Derived } from "./derive-billing.ts";
import { queueBillingMails } from "./queue-billing-mails.ts";
import { isMissing, stripeOf, withStripe } from "./stripe.ts";
import { findByCustomer, lockVersion, selectBillingUser, type Version, writeBilling } from "./table.ts";

/** A row that changes under every one of so many looks is left to whoever comes next. */
const maxLooks = 8;

/**
 * Asks Stripe what is true of a customer and makes our row and the bot's desired state so. The only
 * writer of billing state. Events, the return page and the sweep all come here, in any order and any
 * number: nothing of an event is believed but whom it is about.
 * A look at Stripe is written only onto the version of the row that was read before the look, so an
 * older look never overwrites a newer one; whoever loses looks again.
 * @returns the status, or undefined for a customer that is none of ours.
 * @throws {AppError} unavailable when Stripe does not answer.
 */
export async function syncSubscription(
  deps: Deps,
  customerId: string,
): Promise<SubscriptionStatus | undefined> {
  for (let look = 0; look < maxLooks; look += 1) {
    const version = await findByCustomer(deps.db, customerId);
    if (!version) return undefined;
    const truth = await askStripe(deps, customerId);
    if (await write(deps, version, truth)) {
      if (truth.surplus.length > 0) {
        deps.log.error(
          { userId: version.userId, surplus: truth.surplus },
          "a user pays twice: refund and cancel by hand",
        );
      }
      return truth.status;
    }
  }
  throw new AppError("unavailable", "Your plan is changing right now. Please try again.", {
    detail: { customerId },
  });
}

/** Bounded to one page of a hundred: nobody has had more subscriptions than that. */
async function askStripe(deps: Deps, customer: string): Promise<Derived> {
  const stripe = stripeOf(deps);
  return withStripe(async () => {
    try {
      const { data } = await stripe.subscriptions.list({
        customer,
        status: "all",
        limit: 100,
        expand: ["data.latest_invoice"],
      });
      return deriveBilling(data);
    } catch (error) {
      // A customer deleted at Stripe has nothing left that could be paid.
      if (isMissing(error)) return deriveBilling([]);
      throw error;
    }
  });
}

async function write(deps: Deps, version: Version, truth: Derived): Promise<boolean> {
  const { userId } = version;
  return deps.db.transaction().execute(async (trx) => {
    if (!(await lockVersion(trx, version))) return false;
    const before = await selectBillingUser(trx, userId);
    const changed = await writeBilling(trx, userId, truth);
    // An account that is being deleted gets no bot any more, and one mail: that it is gone.
    const isEnding = before?.deleted_at != null;
    if (before && !isEnding) await queueBillingMails(deps, trx, { before, truth });
    if (truth.entitled && !isEnding) await askForBot(deps, trx, userId);
    else await pauseBot(deps, trx, userId);
    if (changed) deps.log.info({ userId, status: truth.status, entitled: truth.entitled }, "plan changed");
    return true;
  });
}
