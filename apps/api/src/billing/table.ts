/** The billing columns of app.users, app.stripe_events, and what of a user Stripe has not counted yet. */
import type { SubscriptionStatus } from "@molt/contract";
import { type Kysely, type Selectable, sql } from "kysely";
import type { Database, StripeEventTable, UserTable } from "../db/types.ts";

export type BillingUser = Pick<
  Selectable<UserTable>,
  | "id"
  | "email"
  | "stripe_customer_id"
  | "subscription_status"
  | "subscription_id"
  | "checkout_attempt"
  | "deleted_at"
>;

const billingColumns = [
  "id",
  "email",
  "stripe_customer_id",
  "subscription_status",
  "subscription_id",
  "checkout_attempt",
  "deleted_at",
] as const;

export function selectBillingUser(db: Kysely<Database>, userId: string): Promise<BillingUser | undefined> {
  return db.selectFrom("app.users").select(billingColumns).where("id", "=", userId).executeTakeFirst();
}

/** The first customer wins; whoever comes second gets that one. Undefined when the user is gone. */
export async function setCustomer(
  db: Kysely<Database>,
  userId: string,
  customer: { id: string; instead: string | null },
): Promise<string | undefined> {
  await db
    .updateTable("app.users")
    .set({ stripe_customer_id: customer.id })
    .where("id", "=", userId)
    .where("stripe_customer_id", "is not distinct from", customer.instead)
    .execute();
  const row = await selectBillingUser(db, userId);
  return row?.stripe_customer_id ?? undefined;
}

/** Rises once for each attempt that has ended, however many requests saw it end. */
export async function raiseAttempt(db: Kysely<Database>, userId: string, from: number): Promise<void> {
  await db
    .updateTable("app.users")
    .set({ checkout_attempt: from + 1 })
    .where("id", "=", userId)
    .where("checkout_attempt", "=", from)
    .execute();
}

export interface BillingState {
  status: SubscriptionStatus;
  subscriptionId: string | null;
  currentPeriodEnd: Date | null;
  cancelAtPeriodEnd: boolean;
}

export interface Version {
  userId: string;
  /** Changes with every write to the row; a lock does not change it. */
  xmin: string;
}

/** Who the customer is and which version of the row we start from. */
export async function findByCustomer(db: Kysely<Database>, customerId: string): Promise<Version | undefined> {
  return db
    .selectFrom("app.users")
    .select(["id as userId", sql<string>`xmin::text`.as("xmin")])
    .where("stripe_customer_id", "=", customerId)
    .executeTakeFirst();
}

/** Locks the row and answers whether it is still the version that was read. */
export async function lockVersion(trx: Kysely<Database>, version: Version): Promise<boolean> {
  const row = await trx
    .selectFrom("app.users")
    .select(sql<string>`xmin::text`.as("xmin"))
    .where("id", "=", version.userId)
    .forUpdate()
    .executeTakeFirst();
  return row?.xmin === version.xmin;
}

/** Writes only what differs. Answers whether anything did. */
export async function writeBilling(
  trx: Kysely<Database>,
  userId: string,
  state: BillingState,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update app.users set subscription_status = ${state.status}, subscription_id = ${state.subscriptionId},
      current_period_end = ${state.currentPeriodEnd}, cancel_at_period_end = ${state.cancelAtPeriodEnd}
    where id = ${userId}
      and (subscription_status, subscription_id, current_period_end, cancel_at_period_end)
        is distinct from (${state.status}::text, ${state.subscriptionId}::text,
          ${state.currentPeriodEnd}::timestamptz, ${state.cancelAtPeriodEnd}::boolean)`.execute(trx);
  return (numAffectedRows ?? 0n) > 0n;
}

/** The next known customers in order of their ids, for the sweep. */
export async function customersAfter(db: Kysely<Database>, after: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom("app.users")
    .select("stripe_customer_id")
    .where("stripe_customer_id", "is not", null)
    .where("stripe_customer_id", ">", after)
    .orderBy("stripe_customer_id")
    .limit(limit)
    .execute();
  return rows.flatMap((row) => row.stripe_customer_id ?? []);
}

export type NewStripeEvent = Pick<
  Selectable<StripeEventTable>,
  "id" | "type" | "customer" | "created" | "payload"
>;

/** A known id changes nothing: this is the defence against replays. Answers whether it was new. */
export async function insertEvent(trx: Kysely<Database>, event: NewStripeEvent): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto("app.stripe_events")
    .values(event)
    .onConflict((conflict) => conflict.column("id").doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export type ClaimedEvent = Pick<Selectable<StripeEventTable>, "id" | "type" | "customer" | "attempts">;

/**
 * Takes due events for the length of a lease. Whoever dies with them loses nothing: they come back
 * when the lease is over, later with each attempt.
 */
export async function claimEvents(db: Kysely<Database>, limit: number): Promise<ClaimedEvent[]> {
  const { rows } = await sql<ClaimedEvent>`
    update app.stripe_events set attempts = attempts + 1,
      next_attempt_at = now() + least(interval '1 hour', interval '60 seconds' * power(2, least(attempts, 6)))
    where id in (
      select id from app.stripe_events where state = 'pending' and next_attempt_at <= now()
      order by next_attempt_at limit ${limit} for update skip locked
    )
    returning id, type, customer, attempts`.execute(db);
  return rows;
}

export async function finishEvents(
  db: Kysely<Database>,
  ids: readonly string[],
  end: { state: "done" | "ignored" | "dead"; note: string },
): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable("app.stripe_events")
    .set({ state: end.state, note: end.note })
    .where("id", "in", ids)
    .where("state", "=", "pending")
    .execute();
}

/** Tries again soon after a failure: 1, 2, 4 … seconds, at most an hour. */
export async function postponeEvents(
  db: Kysely<Database>,
  ids: readonly string[],
  note: string,
): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable("app.stripe_events")
    .set({
      note,
      next_attempt_at: sql`now() + least(interval '1 hour', interval '1 second' * power(2, least(attempts - 1, 12)))`,
    })
    .where("id", "in", ids)
    .where("state", "=", "pending")
    .execute();
}

export interface Unbilled {
  /** Batches that are not at Stripe yet. */
  pending: number;
  /** Those Stripe was told of within `youngMs`: its sums may not show them yet. */
  young: { customer: string; eventAt: Date; micros: bigint }[];
}

export async function selectUnbilled(
  db: Kysely<Database>,
  userId: string,
  youngMs: number,
): Promise<Unbilled> {
  const rows = await db
    .selectFrom("app.meter_batches")
    .select(["state", "customer", "event_at as eventAt", "micros"])
    .where("user_id", "=", userId)
    .where(
      sql<boolean>`(state = 'pending' or (state = 'sent' and event_at > now() - ${youngMs} * interval '1 millisecond'))`,
    )
    .execute();
  return {
    pending: rows.filter((row) => row.state === "pending").length,
    young: rows.flatMap(({ state, eventAt, ...batch }) =>
      state === "sent" && eventAt ? [{ ...batch, eventAt }] : [],
    ),
  };
}
