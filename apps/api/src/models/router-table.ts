/** What GET /v1/usage reads: the bot's budget row and the day rows of its month. Both by key. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";

export interface BotMonth {
  /** First day of the month, UTC. */
  month: string;
  capPicos: bigint;
  /** Settled cost and what running calls have reserved: what the cap is compared with. */
  spentPicos: bigint;
  calls: bigint;
  /** In and out. */
  tokens: bigint;
  /** Settled cost alone. */
  costPicos: bigint;
}

/** The present month. A bot that never asked anything gets its budget row here, so that the caps it starts with stand in one place. */
export async function selectBotMonth(db: Kysely<Database>, botId: string): Promise<BotMonth | undefined> {
  await sql`insert into app.model_budgets (bot_id) select id from app.bots where id = ${botId}::uuid
    on conflict do nothing`.execute(db);
  const { rows } = await sql<BotMonth>`
    select this.month::text as month, b.month_cap_picos as "capPicos",
      (case when b.month = this.month then b.month_picos else 0 end)::bigint as "spentPicos",
      used.calls, used.tokens, used.picos as "costPicos"
    from app.model_budgets b
    cross join (select date_trunc('month', now() at time zone 'utc')::date as month) this
    cross join lateral (
      select coalesce(sum(d.calls), 0)::bigint as calls, coalesce(sum(d.cost_picos), 0)::bigint as picos,
        coalesce(sum(d.tokens_in + d.tokens_out), 0)::bigint as tokens
      from app.usage_days d where d.bot_id = b.bot_id and d.day >= this.month) used
    where b.bot_id = ${botId}::uuid`.execute(db);
  return rows[0];
}
