/** What a check of the books answers. */
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Database } from "../db/types.ts";

export interface Check {
  id: string;
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

export const MAX_SAMPLE = 10;

/** The rows of `query` are what differs: none, and the claim holds. */
export async function differences(
  db: Kysely<Database>,
  { id, claim }: Pick<Check, "id" | "claim">,
  query: RawBuilder<unknown>,
): Promise<Check> {
  const { rows } = await sql<{ count: number; sample: unknown[] }>`
    with difference as materialized (${query})
    select count(*)::int as count,
      (select coalesce(jsonb_agg(s), '[]') from (select * from difference limit ${MAX_SAMPLE}) s) as sample
    from difference`.execute(db);
  const { count = 0, sample = [] } = rows[0] ?? {};
  return { id, claim, ok: count === 0, count, sample };
}
