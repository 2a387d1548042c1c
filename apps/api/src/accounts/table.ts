import { type Kysely, sql } from "kysely";
import type { Database, UserTable } from "../db/types.ts";
import type { Selectable } from "kysely";

/** Whether the product knows the user under this address. The row goes when the auth service's goes. */
export async function isKnown(db: Kysely<Database>, userId: string, email: string): Promise<boolean> {
  const row = await db
    .selectFrom("app.users")
    .select("id")
    .where("id", "=", userId)
    .where("email", "=", email)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Inserts the product's row for a user of the auth service, or follows a changed address. Answers
 * "unknown" when the auth service no longer knows the user.
 */
export async function upsertUser(
  trx: Kysely<Database>,
  userId: string,
  email: string,
): Promise<"inserted" | "updated" | "unknown"> {
  // xmax is 0 only on a row that nobody has touched since it was inserted.
  const { rows } = await sql<{ inserted: boolean }>`
    insert into app.users (id, email)
    select id, ${email} from auth.users where id = ${userId}
    on conflict (id) do update set email = excluded.email
    returning xmax = 0 as inserted`.execute(trx);
  const [row] = rows;
  return row === undefined ? "unknown" : row.inserted ? "inserted" : "updated";
}

/** Inside withUser: row level security is the second lock on this door. */
export async function selectUser(
  db: Kysely<Database>,
  userId: string,
): Promise<Selectable<UserTable> | undefined> {
  return db.selectFrom("app.users").selectAll().where("id", "=", userId).executeTakeFirst();
}
