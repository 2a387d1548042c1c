import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";

/**
 * Wants the user's bot to stand still with its disk kept: nobody pays for it any more. No bot, or one
 * that is paused or being deleted already, is left alone.
 */
export async function pauseBot(
  deps: Pick<Deps, "events">,
  trx: Kysely<Database>,
  userId: string,
): Promise<void> {
  const row = await trx
    .updateTable("app.bots")
    .set({ desired: "paused", attempts: 0, next_attempt_at: sql`now()` })
    .where("user_id", "=", userId)
    .where("desired", "in", ["running", "asleep"])
    .returning("id")
    .executeTakeFirst();
  if (row !== undefined) await deps.events.publish(trx, { kind: "bot", botId: row.id, userId });
}
