/** What a check of the running system, or of its books, answers. */
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { Database } from "../db/types.ts";

/** docs/invariants.md says what they are in one sentence each; drills and tests hold the others. */
export type Invariant = "I1" | "I2" | "I3" | "I4" | "I5" | "I6" | "I7" | "I8" | "I9";

export interface Check {
  id: string;
  /** What does not hold where it fails. */
  invariant: Invariant;
  /** What is true when it is ok: a sentence for people. */
  claim: string;
  ok: boolean;
  /** How many things differ. */
  count: number;
  /** The first of them. Amounts are pico-dollars as text. */
  sample: unknown[];
  /** What limits or completes the answer. */
  note?: string;
}

export type Claim = Pick<Check, "id" | "invariant" | "claim">;

/** A claim, and the rows that speak against it. */
export interface SqlCheck extends Claim {
  query: RawBuilder<unknown>;
}

export const MAX_SAMPLE = 10;

/** No row, and the claim holds. */
export async function differences(db: Kysely<Database>, { query, ...claim }: SqlCheck): Promise<Check> {
  const { rows } = await sql<{ count: number; sample: unknown[] }>`
    with difference as materialized (${query})
    select count(*)::int as count,
      (select coalesce(jsonb_agg(s), '[]') from (select * from difference limit ${MAX_SAMPLE}) s) as sample
    from difference`.execute(db);
  const { count = 0, sample = [] } = rows[0] ?? {};
  return { ...claim, ok: count === 0, count, sample };
}

/** In the order they are listed. Wants a transaction that sees one moment only. */
export async function runChecks(trx: Kysely<Database>, checks: readonly SqlCheck[]): Promise<Check[]> {
  const answers: Check[] = [];
  for (const check of checks) answers.push(await differences(trx, check));
  return answers;
}

/** All that `look` reads is of one moment; it can write nothing, and nobody waits for it. */
export function atOneMoment<T>(
  db: Kysely<Database>,
  look: (trx: Kysely<Database>) => Promise<T>,
): Promise<T> {
  return db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute(look);
}

/** How long others may be asked. */
export interface TimeLimit {
  /** No new question after it. */
  deadlineMs: number;
  monotonicMs(): number;
}

/** An answer is to be there within 30 s (faults.md section 6). */
const ASK_OTHERS_MS = 20_000;

export function timeLimit(clock: Pick<Clock, "monotonicMs">): TimeLimit {
  return { deadlineMs: clock.monotonicMs() + ASK_OTHERS_MS, monotonicMs: () => clock.monotonicMs() };
}
