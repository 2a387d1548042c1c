/** What GET /usage reads, inside the user's own transaction: row level security applies. */
import { type Kysely, sql } from "kysely";
import type { Database, UsageLogTable } from "../db/types.ts";
import type { CallCause } from "@molt/contract";
import type { Selectable } from "kysely";

type Db = Kysely<Database>;

export interface UsageTotals {
  calls: bigint;
  tokens_in: bigint;
  tokens_out: bigint;
  cost_picos: bigint;
}
export interface UsageDayRow extends UsageTotals {
  day: string;
  model: string;
  cause: CallCause;
}

/** The roll-up rows of a month: days x models x causes. A day of a bot has a handful of them. */
export function selectDays(db: Db, firstDay: string): Promise<UsageDayRow[]> {
  return db
    .selectFrom("app.usage_days")
    .select(["day", "model", "cause", "calls", "tokens_in", "tokens_out", "cost_picos"])
    .where("day", ">=", firstDay)
    .where("day", "<", sql<string>`(${firstDay}::date + interval '1 month')::date`)
    .orderBy("day")
    .orderBy("model")
    .orderBy("cause")
    .execute();
}

/** The latest calls of a month. Calls that were refused are there too: they explain a silent bot. */
export function selectRecentCalls(
  db: Db,
  firstDay: string,
  limit: number,
): Promise<Selectable<UsageLogTable>[]> {
  return db
    .selectFrom("app.usage_logs")
    .selectAll()
    .where("timestamp", ">=", sql<Date>`${firstDay}::date::timestamp at time zone 'utc'`)
    .where(
      "timestamp",
      "<",
      sql<Date>`(${firstDay}::date + interval '1 month')::timestamp at time zone 'utc'`,
    )
    .orderBy("timestamp", "desc")
    .limit(limit)
    .execute();
}

export interface UsageClaim {
  botId: string;
  claimId: string;
  model: string;
  tokensIn: number;
  tokensOut: number;
  at: string;
}

/** A repeated claim changes nothing. */
export async function insertClaim(db: Db, claim: UsageClaim): Promise<void> {
  await db
    .insertInto("app.usage_claims")
    .values({
      bot_id: claim.botId,
      claim_id: claim.claimId,
      model: claim.model,
      tokens_in: BigInt(claim.tokensIn),
      tokens_out: BigInt(claim.tokensOut),
      at: new Date(claim.at),
    })
    .onConflict((conflict) => conflict.columns(["bot_id", "claim_id"]).doNothing())
    .execute();
}

/** Claims of a bot received within the last hour: a bot that floods is stopped before the table is. */
export async function countRecentClaims(db: Db, botId: string): Promise<bigint> {
  const { count } = await db
    .selectFrom("app.usage_claims")
    .select((eb) => eb.fn.countAll<bigint>().as("count"))
    .where("bot_id", "=", botId)
    .where("received_at", ">", sql<Date>`now() - interval '1 hour'`)
    .executeTakeFirstOrThrow();
  return count;
}
