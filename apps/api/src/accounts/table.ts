import { type Kysely, sql } from "kysely";
import type { Database, UserTable } from "../db/types.ts";
import type { Selectable } from "kysely";

/** Inserts the product's row for a user of the auth service, or follows a changed address. Answers false when the auth service no longer knows the user. */
export async function upsertUser(db: Kysely<Database>, userId: string, email: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into app.users (id, email)
    select id, ${email} from auth.users where id = ${userId}
    on conflict (id) do update set email = excluded.email`.execute(db);
  return (numAffectedRows ?? 0n) > 0n;
}

/** Inside withUser: row level security is the second lock on this door. */
export async function selectUser(
  db: Kysely<Database>,
  userId: string,
): Promise<Selectable<UserTable> | undefined> {
  return db.selectFrom("app.users").selectAll().where("id", "=", userId).executeTakeFirst();
}
