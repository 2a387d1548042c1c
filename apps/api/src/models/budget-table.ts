/** SQL of what a bot may spend and of who stopped it. The counters themselves belong to table.ts. */
import type { HoldReason } from "@molt/contract";
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";

type Db = Kysely<Database>;

export interface Caps {
  dayCapPicos: bigint;
  monthCapPicos: bigint;
  unattendedDayCapPicos: bigint;
  runCapPicos: bigint;
}

export interface BudgetRow extends Caps {
  dayPicos: bigint;
  unattendedDayPicos: bigint;
  monthPicos: bigint;
  heldSince: Date | null;
  heldReason: HoldReason | null;
  heldNote: string | null;
}

/** The caps of a bot that has made no call yet and has no row: the defaults of the table (budget.test.ts). */
export const DEFAULT_CAPS: Caps = {
  dayCapPicos: 20_000_000_000_000n,
  monthCapPicos: 100_000_000_000_000n,
  unattendedDayCapPicos: 5_000_000_000_000n,
  runCapPicos: 5_000_000_000_000n,
};

/** Spent today and this month (UTC), with what running calls have reserved. Undefined: no such bot, or not visible. */
export async function selectBudget(db: Db, botId: string): Promise<BudgetRow | undefined> {
  const { dayCapPicos, monthCapPicos, unattendedDayCapPicos, runCapPicos } = DEFAULT_CAPS;
  const { rows } = await sql<BudgetRow>`
    select coalesce(b.day_cap_picos, ${dayCapPicos}) as "dayCapPicos",
      coalesce(b.month_cap_picos, ${monthCapPicos}) as "monthCapPicos",
      coalesce(b.unattended_day_cap_picos, ${unattendedDayCapPicos}) as "unattendedDayCapPicos",
      coalesce(b.run_cap_picos, ${runCapPicos}) as "runCapPicos",
      case when b.day = (now() at time zone 'utc')::date then b.day_picos else 0 end as "dayPicos",
      case when b.day = (now() at time zone 'utc')::date then b.unattended_day_picos else 0 end as "unattendedDayPicos",
      case when b.month = date_trunc('month', now() at time zone 'utc')::date then b.month_picos else 0 end as "monthPicos",
      b.held_since as "heldSince", b.held_reason as "heldReason", b.held_note as "heldNote"
    from app.bots left join app.model_budgets b on b.bot_id = bots.id
    where bots.id = ${botId}::uuid`.execute(db);
  return rows[0];
}

/** The bot of a user with a budget row of its own from here on. Undefined: this user has no bot. */
export async function ensureBudgetOfUser(db: Db, userId: string): Promise<string | undefined> {
  const bot = await db
    .selectFrom("app.bots")
    .select("id")
    .where("user_id", "=", userId)
    .where("desired", "<>", "deleted")
    .executeTakeFirst();
  if (bot) await ensureBudget(db, bot.id);
  return bot?.id;
}

async function ensureBudget(db: Db, botId: string): Promise<void> {
  await sql`insert into app.model_budgets (bot_id) select id from app.bots where id = ${botId}::uuid
    on conflict do nothing`.execute(db);
}

/** Caps that are undefined stay as they are. */
export async function updateCaps(
  db: Db,
  botId: string,
  caps: { [K in keyof Caps]: bigint | undefined },
): Promise<void> {
  await sql`update app.model_budgets set
      day_cap_picos = coalesce(${caps.dayCapPicos ?? null}::bigint, day_cap_picos),
      month_cap_picos = coalesce(${caps.monthCapPicos ?? null}::bigint, month_cap_picos),
      unattended_day_cap_picos = coalesce(${caps.unattendedDayCapPicos ?? null}::bigint, unattended_day_cap_picos),
      run_cap_picos = coalesce(${caps.runCapPicos ?? null}::bigint, run_cap_picos)
    where bot_id = ${botId}::uuid`.execute(db);
}

export interface Hold {
  reason: HoldReason;
  note: string | null;
  /** When the evidence was read: who let the bot go on after that knows of it. */
  seenAt?: Date | undefined;
}

export interface Held {
  since: Date;
  email: string;
}

/**
 * Stops a bot's spending, once: a bot that is stopped already stays stopped for the first reason,
 * except that the operator's stop takes the place of any other. Undefined: nothing changed.
 */
export async function updateHeld(
  db: Db,
  botId: string,
  { reason, note, seenAt }: Hold,
): Promise<Held | undefined> {
  await ensureBudget(db, botId);
  const { rows } = await sql<Held>`
    update app.model_budgets b set held_since = now(), held_reason = ${reason}, held_note = ${note}
    from app.bots join app.users on users.id = bots.user_id
    where b.bot_id = ${botId}::uuid and bots.id = b.bot_id
      and (b.held_since is null or (${reason} = 'operator' and b.held_reason <> 'operator'))
      and coalesce(b.resumed_at <= ${seenAt ?? null}::timestamptz, true)
    returning b.held_since as since, users.email`.execute(db);
  return rows[0];
}

/**
 * Lets a bot spend again. Without `evenOperators` the operator's stop stays.
 * @returns why it had been stopped; undefined when it was not.
 */
export async function updateResumed(
  db: Db,
  botId: string,
  { evenOperators }: { evenOperators: boolean },
): Promise<HoldReason | undefined> {
  const { rows } = await sql<{ reason: HoldReason }>`
    update app.model_budgets b set held_since = null, held_reason = null, held_note = null,
      resumed_at = now()
    from (select held_reason from app.model_budgets where bot_id = ${botId}::uuid for update) old
    where b.bot_id = ${botId}::uuid and b.held_since is not null
      and (${evenOperators} or old.held_reason <> 'operator')
    returning old.held_reason as reason`.execute(db);
  return rows[0]?.reason;
}
