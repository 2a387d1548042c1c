/**
 * Proves the books, read-only: the ledger against its own sums, its prices, the meter batches, Stripe,
 * and a provider's export where there is one. All of the database is seen at one moment.
 */
import type { StripeSettings } from "../billing/stripe.ts";
import type { Deps } from "../deps.ts";
import { atOneMoment, type Check, runChecks, timeLimit } from "./check.ts";
import { checkExport } from "./check-export.ts";
import { checkPrices } from "./check-prices.ts";
import { checkStripe } from "./check-stripe.ts";
import type { ProviderExport } from "./read-export.ts";
import { ledgerChecks } from "./table.ts";

export interface Books {
  /** Where Stripe is; without it Stripe is not asked. */
  stripe?: StripeSettings | undefined;
  /** What a provider says it has served. */
  exported?: ProviderExport | undefined;
}

export interface Audit {
  ok: boolean;
  checks: Check[];
}

/** Safe on a running system and in production: nothing is written, nobody waits. */
export async function checkLedger(
  { db, clock }: Pick<Deps, "db" | "clock">,
  { stripe, exported }: Books = {},
): Promise<Audit> {
  const limit = timeLimit(clock);
  const checks = await atOneMoment(db, async (trx) => {
    const found = [...(await runChecks(trx, ledgerChecks)), await checkPrices(trx)];
    if (exported) found.push(await checkExport(trx, exported));
    return found;
  });
  if (stripe) checks.push(await checkStripe(db, { config: stripe, ...limit }));
  return { ok: checks.every((check) => check.ok), checks };
}
