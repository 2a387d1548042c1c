/** The outbox towards Stripe's meter: app.meter_accounts, app.metered_days, app.meter_batches. */
import { type Kysely, sql } from "kysely";
import type { Database, MeterBatchState } from "../db/types.ts";
import { liveStatuses } from "./derive-billing.ts";

type Db = Kysely<Database>;

export interface FoldWindow {
  /** Users in order of their ids, a page at a time. */
  after: string | null;
  limit: number;
  /** A user is not looked at again within this time, except at the end of the paid period. */
  pauseMs: number;
  /** How long before the end of a period the last look falls due. */
  periodEndMs: number;
  /** First day that is looked at: the last two, or all there are. */
  days: "recent" | "all";
}

export interface Candidate {
  userId: string;
  /** At least a whole micro-dollar is in no batch yet. */
  isDue: boolean;
}

const firstDay = (days: FoldWindow["days"]) =>
  days === "all" ? sql`'-infinity'::date` : sql`(now() at time zone 'utc')::date - 2`;

/** Customers with a subscription, and whether the ledger holds something of theirs that is in no batch. */
export async function selectCandidates(db: Db, window: FoldWindow): Promise<Candidate[]> {
  const { rows } = await sql<Candidate>`
    select page.id as "userId", page.is_open and page.picos + coalesce(grown.picos, 0) >= (page.micros + 1) * 1000000 as "isDue"
    from (
      select users.id, coalesce(a.picos, 0) as picos, coalesce(a.micros, 0) as micros,
        a.folded_at is null
          or a.folded_at <= now() - ${window.pauseMs} * interval '1 millisecond'
          or users.current_period_end between now() and now() + ${window.periodEndMs} * interval '1 millisecond' as is_open
      from app.users left join app.meter_accounts a on a.user_id = users.id
      where users.stripe_customer_id is not null and users.subscription_status = any(${[...liveStatuses]})
        and (${window.after}::uuid is null or users.id > ${window.after}::uuid)
      order by users.id limit ${window.limit}
    ) page
    left join lateral (
      select sum(day.picos - coalesce(m.picos, 0)) as picos
      from (
        select d.bot_id, d.day, sum(d.cost_picos) as picos
        from app.bots join app.usage_days d on d.bot_id = bots.id
        where bots.user_id = page.id and page.is_open and d.day >= ${firstDay(window.days)}
        group by d.bot_id, d.day
      ) day
      left join app.metered_days m on m.bot_id = day.bot_id and m.day = day.day
      where day.picos > coalesce(m.picos, 0)
    ) grown on true
    order by page.id`.execute(db);
  return rows;
}

/** One transaction. @returns the ids of the new batches. */
export async function foldUsers(
  db: Db,
  userIds: readonly string[],
  days: FoldWindow["days"],
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from app.fold_usage(${userIds}::uuid[], ${firstDay(days)}) as id`.execute(db);
  return rows.map((row) => row.id);
}

export interface Batch {
  id: string;
  userId: string | null;
  customer: string;
  micros: bigint;
  identifier: string;
  attempts: number;
  /** Null until the first attempt under this identifier. */
  eventAt: Date | null;
}

export interface ClaimedBatch extends Batch {
  /** Its identifier protects no more: the first attempt is almost a day ago. */
  isStale: boolean;
  /** An attempt so young that Stripe's sums may not show it yet. */
  wasTriedLately: boolean;
}

const batchColumns = sql.raw(
  'm.id, m.user_id as "userId", m.customer, m.micros, m.identifier, m.attempts, m.event_at as "eventAt"',
);

/**
 * Takes due batches of customers with a subscription for the length of a lease; whoever dies with them
 * loses nothing. `attempts` counts this claim.
 */
export async function claimBatches(db: Db, limit: number): Promise<ClaimedBatch[]> {
  const { rows } = await sql<ClaimedBatch>`
    update app.meter_batches m set attempts = m.attempts + 1, next_attempt_at = now() + interval '3 minutes'
    where m.id in (
      select due.id from app.meter_batches due join app.users on users.id = due.user_id
      where due.state = 'pending' and due.next_attempt_at <= now()
        and users.stripe_customer_id is not null and users.subscription_status = any(${[...liveStatuses]})
      order by due.next_attempt_at limit ${limit} for update of due skip locked)
    returning ${batchColumns}, m.event_at is not null and m.event_at < now() - interval '23 hours' as "isStale",
      m.last_attempt_at is not null and m.last_attempt_at > now() - interval '1 hour' as "wasTriedLately"`.execute(
    db,
  );
  return rows;
}

/** What one event says; the same at every attempt under one identifier. */
export interface Stamp {
  customer: string;
  eventAt: Date;
}

/**
 * Fixes customer and time with the first attempt, by the database's clock and never ahead of it, and
 * notes that there is an attempt. Undefined when the customer has an event in this minute already: the
 * batch goes out in another minute.
 */
export async function stampBatch(db: Db, id: string): Promise<Stamp | undefined> {
  try {
    const { rows } = await sql<Stamp>`
      update app.meter_batches m set last_attempt_at = now(),
        customer = case when m.event_at is null then users.stripe_customer_id else m.customer end,
        event_at = coalesce(m.event_at, date_trunc('second', now()))
      from app.users where users.id = m.user_id and m.id = ${id} and m.state = 'pending'
      returning m.customer, m.event_at as "eventAt"`.execute(db);
    return rows[0];
  } catch (error) {
    if ((error as { constraint?: string }).constraint === "meter_batches_minute") return undefined;
    throw error;
  }
}

/** Moves a batch on from one of the given states. Answers whether it did. */
export async function moveBatch(
  db: Db,
  id: string,
  move: {
    from: readonly MeterBatchState[];
    to: "sent" | "confirmed" | "rejected" | "dead";
    note: string | null;
  },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("app.meter_batches")
    .set({
      state: move.to,
      note: move.note,
      ...(move.to === "sent" ? { sent_at: sql<Date>`coalesce(sent_at, now())` } : {}),
    })
    .where("id", "=", id)
    .where("state", "in", move.from)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Tries again later: 5, 10, 20 … seconds, at most half an hour; or after a fixed time. */
export async function postponeBatch(
  db: Db,
  id: string,
  { note, seconds }: { note: string; seconds?: number },
): Promise<void> {
  await sql`update app.meter_batches set note = ${note}, next_attempt_at = now() + interval '1 second' *
      coalesce(${seconds ?? null}::int, least(1800, 5 * power(2, least(attempts - 1, 10))))
    where id = ${id} and state = 'pending'`.execute(db);
}

/**
 * Under a new identifier and at a new time: only for what Stripe has certainly not counted.
 * @returns the new identifier; undefined when somebody else was quicker.
 */
export async function renewBatch(
  db: Db,
  { id, identifier: old }: Pick<Batch, "id" | "identifier">,
): Promise<string | undefined> {
  const [, base = old, turn = "1"] = /^(usage\/[^/]+\/\d+)(?:\/(\d+))?$/.exec(old) ?? [];
  const identifier = `${base}/${Number(turn) + 1}`;
  const { numUpdatedRows } = await db
    .updateTable("app.meter_batches")
    .set({
      identifier,
      state: "pending",
      attempts: 0,
      event_at: null,
      last_attempt_at: null,
      sent_at: null,
      next_attempt_at: sql`now()`,
      note: `not counted as ${old}`,
    })
    .where("id", "=", id)
    .where("identifier", "=", old)
    .where("state", "in", ["pending", "rejected", "dead"])
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n ? identifier : undefined;
}

export function selectByIdentifiers(
  db: Db,
  identifiers: readonly string[],
): Promise<{ id: string; identifier: string; state: MeterBatchState }[]> {
  if (identifiers.length === 0) return Promise.resolve([]);
  return db
    .selectFrom("app.meter_batches")
    .select(["id", "identifier", "state"])
    .where("identifier", "in", identifiers)
    .execute();
}

/** What Stripe dropped or refused, oldest first: a person mends the cause, then it is sent anew. */
export async function selectStranded(db: Db, limit: number): Promise<(Batch & { state: MeterBatchState })[]> {
  const { rows } = await sql<Batch & { state: MeterBatchState }>`
    select ${batchColumns}, m.state from app.meter_batches m where m.state in ('rejected', 'dead')
    order by m.folded_at limit ${limit}`.execute(db);
  return rows;
}

export interface SentDay {
  customer: string;
  /** `YYYY-MM-DD` of the events, UTC. */
  day: string;
}

/** Customers and days that are over and hold something that is sent and not confirmed. */
export async function selectSentDays(
  db: Db,
  { after, limit, lagMs }: { after: SentDay | null; limit: number; lagMs: number },
): Promise<SentDay[]> {
  const { rows } = await sql<SentDay>`
    select distinct (event_at at time zone 'utc')::date::text as day, customer from app.meter_batches
    where state = 'sent'
      and event_at < date_trunc('day', (now() - ${lagMs} * interval '1 millisecond') at time zone 'utc') at time zone 'utc'
      and (${after?.day ?? null}::date is null
        or ((event_at at time zone 'utc')::date, customer) > (${after?.day ?? null}::date, ${after?.customer ?? ""}::text))
    order by 1, 2 limit ${limit}`.execute(db);
  return rows;
}

export interface DayBatch {
  id: string;
  identifier: string;
  micros: bigint;
  eventAt: Date;
}

/** What Stripe should have counted of a customer's day. */
export async function selectDayBatches(db: Db, { customer, day }: SentDay): Promise<DayBatch[]> {
  const { rows } = await sql<DayBatch>`
    select id, identifier, micros, event_at as "eventAt" from app.meter_batches
    where customer = ${customer} and state in ('sent', 'confirmed')
      and event_at >= ${day}::date::timestamp at time zone 'utc'
      and event_at < (${day}::date + 1)::timestamp at time zone 'utc'
    order by event_at`.execute(db);
  return rows;
}

export async function confirmDay(db: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable("app.meter_batches")
    .set({ state: "confirmed" })
    .where("id", "in", ids)
    .where("state", "=", "sent")
    .execute();
}

export async function selectMetered(
  db: Db,
  userId: string,
): Promise<{ reportedPicos: bigint; waitingPicos: bigint }> {
  const { rows } = await sql<{ reportedPicos: bigint; waitingPicos: bigint }>`
    select reported.picos as "reportedPicos", greatest(0, used.picos - reported.picos)::bigint as "waitingPicos"
    from (select coalesce(sum(picos), 0)::bigint as picos from app.meter_batches
        where user_id = ${userId} and state in ('sent', 'confirmed')) reported,
      (select coalesce(sum(d.cost_picos), 0)::bigint as picos
        from app.usage_days d join app.bots on bots.id = d.bot_id where bots.user_id = ${userId}) used`.execute(
    db,
  );
  const [row] = rows;
  if (!row) throw new Error("sums always answer one row");
  return row;
}
