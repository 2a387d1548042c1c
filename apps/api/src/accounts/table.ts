/** The SQL of app.users as the person's own row, and of app.account_deletions. */
import type { Language } from "@molt/contract";
import { type Kysely, type Selectable, sql } from "kysely";
import type { AccountDeletionTable, Database, UserTable } from "../db/types.ts";

type Executor = Kysely<Database>;
export type UserRow = Selectable<UserTable>;
export type Deletion = Selectable<AccountDeletionTable>;

/** Whether the product knows the user under this address. The row goes when the auth service's goes. */
export async function isKnown(db: Executor, userId: string, email: string): Promise<boolean> {
  const row = await db
    .selectFrom("app.users")
    .select("id")
    .where("id", "=", userId)
    .where("email", "=", email)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Inserts the product's row for a user of the auth service, or follows a changed address. A new one
 * speaks the language said at the sign-up, else the given one, else English. Answers "unknown" when
 * the auth service no longer knows the user. `before` is the address that was known until now.
 */
export async function upsertUser(
  trx: Executor,
  user: { id: string; email: string; language: Language | undefined },
): Promise<{ happened: "inserted" | "updated" | "unknown"; before: string | null }> {
  // xmax is 0 only on a row that nobody has touched since it was inserted.
  const { rows } = await sql<{ inserted: boolean; before: string | null }>`
    with known as (select email from app.users where id = ${user.id})
    insert into app.users (id, email, language)
    select id, ${user.email}, coalesce(substring(raw_user_meta_data ->> 'language' from '^(en|de)([-_]|$)'),
      ${user.language ?? null}, 'en')
    from auth.users where id = ${user.id}
    on conflict (id) do update set email = excluded.email
    returning xmax = 0 as inserted, (select email from known) as before`.execute(trx);
  const [row] = rows;
  if (row === undefined) return { happened: "unknown", before: null };
  return { happened: row.inserted ? "inserted" : "updated", before: row.before };
}

/** Inside withUser: row level security is the second lock on this door. */
export async function selectUser(db: Executor, userId: string): Promise<UserRow | undefined> {
  return db.selectFrom("app.users").selectAll().where("id", "=", userId).executeTakeFirst();
}

export async function lockUser(trx: Executor, userId: string): Promise<UserRow | undefined> {
  return trx.selectFrom("app.users").selectAll().where("id", "=", userId).forUpdate().executeTakeFirst();
}

export async function updateLanguage(db: Executor, userId: string, language: Language): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("app.users")
    .set({ language })
    .where("id", "=", userId)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function selectLanguage(db: Executor, userId: string): Promise<Language | undefined> {
  const row = await db.selectFrom("app.users").select("language").where("id", "=", userId).executeTakeFirst();
  return row?.language;
}

export async function beginDeletion(trx: Executor, user: UserRow): Promise<void> {
  await trx
    .updateTable("app.users")
    .set({ deleted_at: sql`now()` })
    .where("id", "=", user.id)
    .execute();
  await trx
    .insertInto("app.account_deletions")
    .values({
      user_id: user.id,
      asked_by: "user",
      email: user.email,
      language: user.language,
      stripe_customer_id: user.stripe_customer_id,
    })
    .execute();
}

export async function selectDeletions(
  db: Executor,
  userIds: readonly string[],
): Promise<{ userId: string; removed: boolean }[]> {
  return db
    .selectFrom("app.account_deletions")
    .select(["user_id as userId", sql<boolean>`account_removed_at is not null`.as("removed")])
    .where("user_id", "in", [...userIds])
    .execute();
}

/** Takes due deletions for `leaseMs`: they come back by themselves if this process dies. */
export async function claimDeletions(
  db: Executor,
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<Deletion[]> {
  return db
    .updateTable("app.account_deletions")
    .set({ next_attempt_at: inMs(leaseMs) })
    .where("user_id", "in", (query) =>
      query
        .selectFrom("app.account_deletions")
        .select("user_id")
        .where("finished_at", "is", null)
        .where("next_attempt_at", "<=", sql<Date>`now()`)
        .orderBy("next_attempt_at")
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .execute();
}

type Receipt = "machine_removed_at" | "subscription_ended_at" | "account_removed_at";

/** The proof that a step is done; the first time counts. @returns the row as it is now. */
export async function writeReceipt(db: Executor, userId: string, receipt: Receipt): Promise<Deletion> {
  return db
    .updateTable("app.account_deletions")
    .set({ [receipt]: sql`coalesce(${sql.ref(receipt)}, now())` })
    .where("user_id", "=", userId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** The end of the end: nothing in the row says any more who it was. */
export async function finishDeletion(trx: Executor, userId: string): Promise<void> {
  await trx
    .updateTable("app.account_deletions")
    .set({ finished_at: sql`now()`, email: null, note: null, attempts: 0 })
    .where("user_id", "=", userId)
    .execute();
}

export async function postponeDeletion(
  db: Executor,
  userId: string,
  later: { attempts: number; waitMs: number; note: string },
): Promise<void> {
  await db
    .updateTable("app.account_deletions")
    .set({ attempts: later.attempts, next_attempt_at: inMs(later.waitMs), note: later.note })
    .where("user_id", "=", userId)
    .where("finished_at", "is", null)
    .execute();
}

const inMs = (ms: number) => sql<Date>`now() + ${ms} * interval '1 millisecond'`;

/** The big tables of an account, in bites that no statement's time limit cuts off. @returns rows of this bite. */
export async function eraseSome(db: Executor, userId: string, limit: number): Promise<number> {
  const mine = sql`bot_id in (select id from app.bots where user_id = ${userId})`;
  let erased = 0n;
  for (const table of ["app.messages", "app.usage_logs", "app.usage_claims"] as const) {
    const { numAffectedRows } = await sql`
      delete from ${sql.table(table)} where ctid = any(array(
        select ctid from ${sql.table(table)} where ${mine} limit ${limit}))`.execute(db);
    erased += numAffectedRows ?? 0n;
  }
  return Number(erased);
}
