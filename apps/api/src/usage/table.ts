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

/**
 * One month of one bot. The bot is said although row level security would leave no other: with it
 * every look-up goes by an index, without it a user's month is found by reading the whole ledger.
 */
export interface BotMonth {
  botId: string;
  /** `YYYY-MM-DD`. */
  firstDay: string;
}

/** The roll-up rows of a month: days x models x causes. A day of a bot has a handful of them. */
export function selectDays(db: Db, { botId, firstDay }: BotMonth): Promise<UsageDayRow[]> {
  return db
    .selectFrom("app.usage_days")
    .select(["day", "model", "cause", "calls", "tokens_in", "tokens_out", "cost_picos"])
    .where("bot_id", "=", botId)
    .where("day", ">=", firstDay)
    .where("day", "<", sql<string>`(${firstDay}::date + interval '1 month')::date`)
    .orderBy("day")
    .orderBy("model")
    .orderBy("cause")
    .execute();
}

export interface UsageMessageRow extends UsageTotals {
  message_id: string;
  at: Date;
  /** The beginning of the message. */
  text: string;
}

/** The dearest messages of a month, with all that their runs asked of a model. */
export async function selectDearestMessages(
  db: Db,
  { botId, firstDay }: BotMonth,
  limit: number,
): Promise<UsageMessageRow[]> {
  const { rows } = await sql<UsageMessageRow>`
    select u.message_id, m.at, left(m.text, 500) as text, u.calls, u.tokens_in, u.tokens_out, u.cost_picos
    from (
      select * from app.usage_messages
      where bot_id = ${botId} and month = ${firstDay}::date
      order by cost_picos desc limit ${limit}) u
    join app.messages m on m.id = u.message_id
    order by u.cost_picos desc, m.at desc`.execute(db);
  return rows;
}

/** The latest calls of a month. Calls that were refused are there too: they explain a silent bot. */
export function selectRecentCalls(
  db: Db,
  { botId, firstDay }: BotMonth,
  limit: number,
): Promise<Selectable<UsageLogTable>[]> {
  return db
    .selectFrom("app.usage_logs")
    .selectAll()
    .where("bot_id", "=", botId)
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

/** Which rows an export has: those of one bot between two moments, exact to the microsecond. */
export interface ExportScope {
  botId: string;
  from: string;
  until: string;
}

/** The month of the user's own bot, up to now. Undefined for a user without one. */
export async function selectExportScope(db: Db, firstDay: string): Promise<ExportScope | undefined> {
  const { rows } = await sql<ExportScope>`
    select id as "botId", (${firstDay}::date::timestamp at time zone 'utc')::text as "from",
      least(now(), (${firstDay}::date + interval '1 month')::timestamp at time zone 'utc')::text as "until"
    from app.bots`.execute(db);
  return rows[0];
}

export interface ExportedCall extends Selectable<UsageLogTable> {
  /** The time as the database has it: a Date has no microseconds and would skip or repeat rows. */
  exact_time: string;
}

export interface ExportPage extends ExportScope {
  after: ExportedCall | undefined;
  limit: number;
}

/** The next calls in the order of their time, then of their ids. */
export function selectCallsAfter(db: Db, page: ExportPage): Promise<ExportedCall[]> {
  const since = page.after?.exact_time ?? page.from;
  let query = db
    .selectFrom("app.usage_logs")
    .selectAll()
    .select(sql<string>`"timestamp"::text`.as("exact_time"))
    .where("bot_id", "=", page.botId)
    .where("timestamp", ">=", sql<Date>`${since}::timestamptz`)
    .where("timestamp", "<", sql<Date>`${page.until}::timestamptz`);
  if (page.after)
    query = query.where(sql<boolean>`("timestamp", id) > (${since}::timestamptz, ${page.after.id}::uuid)`);
  return query.orderBy("timestamp").orderBy("id").limit(page.limit).execute();
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

/** Claims of a bot received lately: a bot that floods is stopped before the table is. */
export async function countRecentClaims(db: Db, botId: string): Promise<{ hour: bigint; day: bigint }> {
  const { rows } = await sql<{ hour: bigint; day: bigint }>`
    select count(*) filter (where received_at > now() - interval '1 hour') as hour, count(*) as day
    from app.usage_claims where bot_id = ${botId}::uuid and received_at > now() - interval '1 day'`.execute(
    db,
  );
  return rows[0] ?? { hour: 0n, day: 0n };
}
