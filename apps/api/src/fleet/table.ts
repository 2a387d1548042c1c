/** The bots' rows. Times are the database's, so that workers with different clocks agree. */
import { type Kysely, type Selectable, sql, type Updateable } from "kysely";
import type { BotTable, Database } from "../db/types.ts";

export type BotRow = Selectable<BotTable>;
export type BotPatch = Omit<Updateable<BotTable>, "id" | "user_id" | "fence" | "lease_until" | "step_since">;

/** A bot under our lease, as it was at the last renewal. */
export interface LeasedBot extends BotRow {
  /** How long the present step has lasted. */
  step_age_ms: number;
}

/** Somebody else has the bot now, or it is gone: stop, and write nothing. */
export class LeaseLost extends Error {
  override name = "LeaseLost";
}

const stepAge = sql<number>`(extract(epoch from now() - step_since) * 1000)::float8`.as("step_age_ms");
const inMs = (ms: number) => sql<Date>`now() + ${ms} * interval '1 millisecond'`;

/**
 * Takes bots that are due: away from what is wanted and not in back-off, or up for a look. A failed
 * bot waits for its owner. Two workers never get the same row (skip locked), and the number of the
 * lease rises, so that a worker that lost it cannot write any more.
 */
export async function claimBots(db: Kysely<Database>, limit: number, leaseMs: number): Promise<LeasedBot[]> {
  return db
    .updateTable("app.bots")
    .set({ lease_until: inMs(leaseMs), fence: sql`fence + 1` })
    .where("id", "in", (query) =>
      query
        .selectFrom("app.bots")
        .select("id")
        .where(sql<boolean>`(lease_until is null or lease_until < now())`)
        .where(sql<boolean>`not (status = 'failed' and desired in ('running', 'asleep'))`)
        // Nothing is left of it at Fly: its account's row takes it along.
        .where(sql<boolean>`not (status = 'deleting' and desired = 'deleted' and fly_app_id is null)`)
        .where(sql<boolean>`(next_attempt_at <= now() or (attempts = 0 and desired <> status))`)
        .orderBy(sql`desired = status`)
        .orderBy("next_attempt_at")
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .returning(stepAge)
    .execute();
}

/** Brings the next look at every bot that should be awake forward to now. */
export async function lookAtAwake(db: Kysely<Database>): Promise<void> {
  await db
    .updateTable("app.bots")
    .set({ next_attempt_at: sql`now()` })
    .where("desired", "=", "running")
    .where("status", "=", "running")
    .where("next_attempt_at", ">", sql<Date>`now()`)
    .execute();
}

type Lease = Pick<BotRow, "id" | "fence">;

/** Holds the bot for another `leaseMs` and reads what others wrote meanwhile. @throws {LeaseLost} */
export async function renewLease(db: Kysely<Database>, lease: Lease, leaseMs: number): Promise<LeasedBot> {
  const row = await db
    .updateTable("app.bots")
    .set({ lease_until: inMs(leaseMs) })
    .where("id", "=", lease.id)
    .where("fence", "=", lease.fence)
    .returningAll()
    .returning(stepAge)
    .executeTakeFirst();
  if (row === undefined) throw new LeaseLost(`the lease on bot ${lease.id} is lost`);
  return row;
}

/** A step of another name begins now. @throws {LeaseLost} and then nothing was written. */
export async function writeBot(db: Kysely<Database>, lease: Lease, patch: BotPatch): Promise<LeasedBot> {
  const begins =
    patch.step === undefined
      ? {}
      : { step_since: sql<Date>`case when step = ${patch.step} then step_since else now() end` };
  const row = await db
    .updateTable("app.bots")
    .set({ ...patch, ...begins })
    .where("id", "=", lease.id)
    .where("fence", "=", lease.fence)
    .returningAll()
    .returning(stepAge)
    .executeTakeFirst();
  if (row === undefined) throw new LeaseLost(`the lease on bot ${lease.id} is lost`);
  return row;
}

/** Gives the bot back; it is looked at again after `lookMs`, or at once when its desire changes. */
export async function releaseBot(
  db: Kysely<Database>,
  lease: Lease,
  how: { attempts: number; lookMs: number },
): Promise<void> {
  await db
    .updateTable("app.bots")
    .set({ lease_until: null, attempts: how.attempts, next_attempt_at: inMs(how.lookMs) })
    .where("id", "=", lease.id)
    .where("fence", "=", lease.fence)
    .execute();
}

/**
 * Marks the bot as sleeping unless it was spoken to meanwhile; answers whether it did. Storing a
 * message sets desired = 'running' on this row in the same transaction, so whoever comes second
 * sees the first. From here on a message finds the bot asleep and wakes it.
 */
export async function markAsleep(
  db: Kysely<Database>,
  lease: Lease,
  sleep: { suspensionId: string | null; wakeAt: Date | null },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("app.bots")
    .set({ status: "asleep", step: "ready", suspension_id: sleep.suspensionId, wake_at: sleep.wakeAt })
    .where("id", "=", lease.id)
    .where("fence", "=", lease.fence)
    .where("desired", "=", "asleep")
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** It is at work after all: counts as activity, so that the next try comes a whole idle time later. */
export async function stayAwake(db: Kysely<Database>, lease: Lease): Promise<void> {
  await db
    .updateTable("app.bots")
    .set({ desired: "running", last_active_at: sql`now()` })
    .where("id", "=", lease.id)
    .where("fence", "=", lease.fence)
    .where("desired", "=", "asleep")
    .execute();
}

export interface Owned {
  id: string;
  user_id: string;
}

/**
 * Asks for sleep of every bot nobody spoke to for `idleMs`. The condition stands on the bot's own row,
 * which storing a message locks and changes: a look into the mailbox alone would see the snapshot
 * from before that message, and lose it. The mailbox is asked besides, for answers that take long.
 */
export async function letIdleSleep(db: Kysely<Database>, idleMs: number, limit: number): Promise<Owned[]> {
  return db
    .updateTable("app.bots")
    .set({ desired: "asleep", next_attempt_at: sql`now()` })
    .where("desired", "=", "running")
    .where("last_active_at", "<", sql<Date>`now() - ${idleMs} * interval '1 millisecond'`)
    .where("id", "in", (query) =>
      query
        .selectFrom("app.bots as b")
        .select("b.id")
        .where("b.status", "=", "running")
        .where("b.desired", "=", "running")
        .where("b.last_active_at", "<", sql<Date>`now() - ${idleMs} * interval '1 millisecond'`)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom("app.messages as m")
                .select("m.id")
                .whereRef("m.bot_id", "=", "b.id")
                .where("m.role", "=", "user")
                .where("m.state", "in", ["queued", "delivered"]),
            ),
          ),
        )
        .limit(limit),
    )
    .returning(["id", "user_id"])
    .execute();
}

/** Wakes the bots whose own schedule calls within `leadMs`. */
export async function wakeForSchedule(db: Kysely<Database>, leadMs: number, limit: number): Promise<Owned[]> {
  return db
    .updateTable("app.bots")
    .set({
      desired: "running",
      wake_at: null,
      last_active_at: sql`now()`,
      attempts: 0,
      next_attempt_at: sql`now()`,
    })
    .where("desired", "=", "asleep")
    .where("id", "in", (query) =>
      query
        .selectFrom("app.bots")
        .select("id")
        .where("desired", "=", "asleep")
        .where("wake_at", "<=", inMs(leadMs))
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returning(["id", "user_id"])
    .execute();
}

/** Of these bot ids, the ones that exist. */
export async function knownBots(db: Kysely<Database>, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom("app.bots")
    .select("id")
    .where("id", "in", [...ids])
    .execute();
  return new Set(rows.map((row) => row.id));
}
