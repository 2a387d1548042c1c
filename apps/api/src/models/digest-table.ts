/** What the weekly mail reads: the day rows of the ledger, and how much its owner wrote. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";

export interface BotWeek {
  botId: string;
  email: string;
  messages: number;
  calls: number;
  /** Of the calls, those that no message asked for. */
  unattendedCalls: number;
  costPicos: bigint;
}

/** A page of the bots that did something from `from` to `to` (both days included, UTC), in order of their ids. */
export async function selectWeeks(
  db: Kysely<Database>,
  { from, to, after, limit }: { from: string; to: string; after: string | null; limit: number },
): Promise<BotWeek[]> {
  const { rows } = await sql<BotWeek>`
    select bots.id as "botId", users.email, said.messages, used.calls,
      used.unattended as "unattendedCalls", used.picos as "costPicos"
    from app.bots
    join app.users on users.id = bots.user_id
    cross join lateral (
      select coalesce(sum(d.calls), 0)::int as calls, coalesce(sum(d.cost_picos), 0)::bigint as picos,
        coalesce(sum(d.calls) filter (where d.cause <> 'chat'), 0)::int as unattended
      from app.usage_days d where d.bot_id = bots.id and d.day between ${from}::date and ${to}::date) used
    cross join lateral (
      select count(*)::int as messages from app.messages m
      where m.bot_id = bots.id and m.role = 'user'
        and m.at >= ${from}::date::timestamp at time zone 'utc'
        and m.at < (${to}::date + 1)::timestamp at time zone 'utc') said
    where used.calls > 0 and bots.desired <> 'deleted' and (${after}::uuid is null or bots.id > ${after}::uuid)
    order by bots.id limit ${limit}`.execute(db);
  return rows;
}
