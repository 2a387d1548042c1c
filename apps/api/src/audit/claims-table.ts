/** app.usage_claims beside app.usage_days. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";

type Db = Kysely<Database>;

export interface ClaimDay {
  botId: string;
  /** `YYYY-MM-DD`, UTC. */
  day: string;
  /** In and out together. */
  claimedTokens: bigint;
  ledgerTokens: bigint;
}

/**
 * Writes what was claimed and what the ledger says, for each bot and each of the last finished days with
 * a claim. Answers the days that are new or changed since they were compared last.
 */
export async function writeClaimDays(db: Db, { days }: { days: number }): Promise<ClaimDay[]> {
  const { rows } = await sql<ClaimDay>`
    insert into app.usage_claim_days as known (bot_id, day, claimed_calls, claimed_tokens_in, claimed_tokens_out,
      ledger_calls, ledger_tokens_in, ledger_tokens_out)
    select c.bot_id, c.day, c.calls, c.tokens_in, c.tokens_out, coalesce(l.calls, 0), coalesce(l.tokens_in, 0),
      coalesce(l.tokens_out, 0)
    from (
      select bot_id, (at at time zone 'utc')::date as day, count(*) as calls, sum(tokens_in)::bigint as tokens_in,
        sum(tokens_out)::bigint as tokens_out
      from app.usage_claims
      where at >= date_trunc('day', now() at time zone 'utc') at time zone 'utc' - ${days} * interval '1 day'
        and at < date_trunc('day', now() at time zone 'utc') at time zone 'utc'
      group by 1, 2
    ) c
    left join lateral (
      select sum(d.calls)::bigint as calls, sum(d.tokens_in)::bigint as tokens_in, sum(d.tokens_out)::bigint as tokens_out
      from app.usage_days d where d.bot_id = c.bot_id and d.day = c.day
    ) l on true
    order by 1, 2
    on conflict (bot_id, day) do update set
      claimed_calls = excluded.claimed_calls, claimed_tokens_in = excluded.claimed_tokens_in,
      claimed_tokens_out = excluded.claimed_tokens_out, ledger_calls = excluded.ledger_calls,
      ledger_tokens_in = excluded.ledger_tokens_in, ledger_tokens_out = excluded.ledger_tokens_out, compared_at = now()
    where (known.claimed_calls, known.claimed_tokens_in, known.claimed_tokens_out, known.ledger_calls,
        known.ledger_tokens_in, known.ledger_tokens_out)
      is distinct from (excluded.claimed_calls, excluded.claimed_tokens_in, excluded.claimed_tokens_out,
        excluded.ledger_calls, excluded.ledger_tokens_in, excluded.ledger_tokens_out)
    returning bot_id as "botId", day, claimed_tokens_in + claimed_tokens_out as "claimedTokens",
      ledger_tokens_in + ledger_tokens_out as "ledgerTokens"`.execute(db);
  return rows;
}

/** @returns how many claims were deleted; at most a page at a time. */
export async function deleteOldClaims(
  db: Db,
  { days, limit }: { days: number; limit: number },
): Promise<number> {
  const { numAffectedRows } = await sql`delete from app.usage_claims where ctid in (
    select ctid from app.usage_claims where at < now() - ${days} * interval '1 day' limit ${limit})`.execute(
    db,
  );
  await sql`delete from app.usage_claim_days where day < (now() at time zone 'utc')::date - ${days}::int`.execute(
    db,
  );
  return Number(numAffectedRows ?? 0n);
}
