import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";

/** Whether a call of the user's bot is still running: what it costs is not in the ledger's sums yet. */
export async function hasOpenCalls(db: Kysely<Database>, userId: string): Promise<boolean> {
  const { rows } = await sql`
    select from app.usage_logs l join app.bots b on b.id = l.bot_id
    where b.user_id = ${userId} and l.state = 'reserved' limit 1`.execute(db);
  return rows.length > 0;
}
