/** SQL of what the breaker judges. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";
import { HABIT_DAYS, type RateEvidence, UNATTENDED_HOURS, type UnattendedEvidence } from "./breaker.ts";

export interface Spender extends RateEvidence, UnattendedEvidence {
  botId: string;
  /** When this was read. */
  readAt: Date;
}

/**
 * A page of the bots that may spend, made a call today or yesterday, and spent at least `floorPicos`
 * on these days; in order of the ids. What was spent before the last resume is not evidence.
 */
export async function selectSpenders(
  db: Kysely<Database>,
  { after, floorPicos, limit }: { after: string | null; floorPicos: bigint; limit: number },
): Promise<Spender[]> {
  const today = sql`(now() at time zone 'utc')::date`;
  const quietTime = sql`${UNATTENDED_HOURS}::int * interval '1 hour'`;
  const { rows } = await sql<Spender>`
    with page as (
      select b.bot_id, b.day_cap_picos, b.unattended_day_cap_picos,
        coalesce(b.resumed_at, bots.created_at) as trusted_at
      from app.model_budgets b join app.bots on bots.id = b.bot_id
      where b.held_since is null and b.day >= ${today} - 1 and (${after}::uuid is null or b.bot_id > ${after}::uuid)
        and (select coalesce(sum(d.cost_picos), 0) from app.usage_days d
          where d.bot_id = b.bot_id and d.day >= ${today} - 1) >= ${floorPicos}
      order by b.bot_id limit ${limit}
    )
    select page.bot_id as "botId", now() as "readAt", page.day_cap_picos as "dayCapPicos",
      page.unattended_day_cap_picos as "unattendedDayCapPicos",
      greatest(page.trusted_at, said.at) <= now() - ${quietTime} as "isQuiet",
      spent.busy_hours as "busyHours", spent.window_picos as "spentPicos", spent.hour_picos as "hourPicos",
      habit.day_picos as "usualDayPicos"
    from page
    left join lateral (
      select m.at from app.messages m where m.bot_id = page.bot_id and m.role = 'user'
      order by m.seq desc limit 1) said on true
    cross join lateral (
      select coalesce(sum(l.cost_picos), 0)::bigint as window_picos,
        coalesce(sum(l.cost_picos) filter (where l."timestamp" > now() - interval '1 hour'), 0)::bigint as hour_picos,
        (count(distinct floor(extract(epoch from now() - l."timestamp") / 3600)) filter (where l.cost_picos > 0))::int
          as busy_hours
      from app.usage_logs l
      where l.bot_id = page.bot_id and l."timestamp" > greatest(now() - ${quietTime}, page.trusted_at)
        and l.state in ('settled', 'estimated')) spent
    cross join lateral (
      select coalesce(sum(d.cost_picos) / nullif(count(distinct d.day), 0), 0)::bigint as day_picos
      from app.usage_days d
      where d.bot_id = page.bot_id and d.day >= ${today} - ${HABIT_DAYS}::int and d.day < ${today}
        and d.cost_picos > 0) habit
    order by page.bot_id`.execute(db);
  return rows;
}
