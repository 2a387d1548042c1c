/**
 * Proves what must hold of a running system, read-only: the books, the mailboxes, the walls between
 * users, that nothing is stuck, and, where their keys are known, Stripe's sums and the machines at Fly.
 */
import type { StripeSettings } from "../billing/stripe.ts";
import type { Deps } from "../deps.ts";
import { createFly, type FlySettings } from "../fleet/fly.ts";
import { atOneMoment, type Check, type Invariant, runChecks, timeLimit } from "./check.ts";
import { checkMachines } from "./check-machines.ts";
import { checkPrices } from "./check-prices.ts";
import { checkStripe } from "./check-stripe.ts";
import { systemChecks } from "./system-table.ts";
import { ledgerChecks } from "./table.ts";

export interface Outside {
  /** Where Stripe is; without it Stripe is not asked. */
  stripe?: StripeSettings | undefined;
  /** Where Fly is, and our mark there; without it Fly is not asked. */
  fly?: (FlySettings & { environment: string }) | undefined;
}

/** Safe in production: nothing is written, nobody waits. In the order of the invariants. */
export async function checkSystem(
  { db, clock }: Pick<Deps, "db" | "clock">,
  { stripe, fly }: Outside = {},
): Promise<Check[]> {
  const limit = timeLimit(clock);
  const checks = await atOneMoment(db, async (trx) => [
    ...(await runChecks(trx, [...systemChecks, ...ledgerChecks])),
    await checkPrices(trx),
  ]);
  if (stripe) checks.push(await checkStripe(db, { config: stripe, ...limit }));
  if (fly) {
    const { environment } = fly;
    checks.push(await checkMachines(db, { fly: createFly(fly, clock), environment, ...limit }));
  }
  return checks.toSorted((a, b) => a.invariant.localeCompare(b.invariant));
}

/** One of them in the form that tools outside read (faults.md section 6). */
export interface Verdict {
  id: Invariant;
  ok: boolean;
  count: number;
  /** What speaks against it, each with the check that found it. */
  sample: { check: string; found: unknown }[];
  notes: string[];
}

export function verdicts(checks: readonly Check[]): Verdict[] {
  const ids = [...new Set(checks.map(({ invariant }) => invariant))];
  return ids.map((id) => {
    const parts = checks.filter(({ invariant }) => invariant === id);
    return {
      id,
      ok: parts.every(({ ok }) => ok),
      count: parts.reduce((sum, { count }) => sum + count, 0),
      sample: parts.flatMap((part) => part.sample.map((found) => ({ check: part.id, found }))),
      notes: parts.flatMap(({ id: check, note }) => (note === undefined ? [] : [`${check}: ${note}`])),
    };
  });
}
