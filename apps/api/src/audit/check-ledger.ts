/**
 * Proves the books, read-only: the ledger against its own sums, its prices, the meter batches, Stripe,
 * and a provider's export where there is one. All of the database is seen at one moment.
 */
import type { StripeSettings } from "../billing/stripe.ts";
import type { Deps } from "../deps.ts";
import type { Check } from "./check.ts";
import { checkExport } from "./check-export.ts";
import { checkPrices } from "./check-prices.ts";
import { checkStripe } from "./check-stripe.ts";
import type { ProviderExport } from "./read-export.ts";
import { checkTables } from "./table.ts";

/** After it no further question goes to Stripe, so that an answer is there within 30 s. */
const STRIPE_UNTIL_MS = 20_000;

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
  const deadlineMs = clock.monotonicMs() + STRIPE_UNTIL_MS;
  const checks = await db
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (trx) => {
      const found = [...(await checkTables(trx)), await checkPrices(trx)];
      if (exported) found.push(await checkExport(trx, exported));
      return found;
    });
  if (stripe) {
    const monotonicMs = () => clock.monotonicMs();
    checks.push(await checkStripe(db, { config: stripe, deadlineMs, monotonicMs }));
  }
  return { ok: checks.every((check) => check.ok), checks };
}
