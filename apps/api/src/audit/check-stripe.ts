/** Sent batches against Stripe's own sums, a customer at a time. */
import type { Kysely } from "kysely";
import { countSpan } from "../billing/count-at-stripe.ts";
import { findMeter } from "../billing/find-meter.ts";
import type { StripeSettings } from "../billing/stripe.ts";
import type { Database } from "../db/types.ts";
import { AppError } from "../errors.ts";
import { type Check, type Claim, MAX_SAMPLE, type TimeLimit } from "./check.ts";
import { selectSentTotals, type SentTotal } from "./table.ts";

const TOGETHER = 8;
/** Whole days, so that a customer is one question. */
const MINUTE = 60;

export interface StripeQuestion extends TimeLimit {
  config: StripeSettings;
}

/** When Stripe cannot be reached nothing is said about it: ok, with a note. */
export async function checkStripe(db: Kysely<Database>, question: StripeQuestion): Promise<Check> {
  const { config } = question;
  const base: Claim = { id: "stripe", invariant: "I5", claim: "Stripe has counted what was sent" };
  const totals = await selectSentTotals(db);
  if (totals.length === 0) return { ...base, ok: true, count: 0, sample: [], note: "nothing was sent yet" };
  try {
    const meter = await findMeter({ config });
    const { differing, looked } = await compare(totals, { ...question, meter });
    const note =
      looked < totals.length ? { note: `looked at ${looked} of ${totals.length} customers in time` } : {};
    const sample = differing.slice(0, MAX_SAMPLE);
    return { ...base, ok: differing.length === 0, count: differing.length, sample, ...note };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "unavailable") throw error;
    return { ...base, ok: true, count: 0, sample: [], note: "Stripe does not answer: not compared" };
  }
}

async function compare(totals: readonly SentTotal[], question: StripeQuestion & { meter: string }) {
  const differing: object[] = [];
  let looked = 0;
  for (let at = 0; at < totals.length; at += TOGETHER) {
    if (question.monotonicMs() > question.deadlineMs) break;
    const page = totals.slice(at, at + TOGETHER);
    const counts = await Promise.all(page.map((total) => countSpan(question, spanOf(total))));
    page.forEach(({ customer, micros }, index) => {
      const counted = counts[index] ?? 0n;
      if (counted === micros) return;
      differing.push({ customer, sentMicros: micros.toString(), countedMicros: counted.toString() });
    });
    looked += page.length;
  }
  return { differing, looked };
}

function spanOf({ customer, from, to }: SentTotal) {
  const minute = (at: Date) => Math.floor(at.getTime() / 1000 / MINUTE) * MINUTE;
  return { customer, from: minute(from), to: minute(to) + MINUTE };
}
