import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";

/**
 * Wants the user's bot gone for good, machine and disk. Its keys go first, here and now: from the commit
 * on nobody spends with them (I11). The reconciler does the rest; its row stays until the account's own
 * row goes, so that what it used can still be billed. No bot, or a second time, changes nothing.
 */
export async function deleteBot(
  deps: Pick<Deps, "events">,
  trx: Kysely<Database>,
  userId: string,
): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    update app.bots set desired = 'deleted', model_key = null, model_key_hash = null, previous_key_hash = null,
      previous_key_until = null, wake_at = null, attempts = 0, next_attempt_at = now()
    where user_id = ${userId} and desired <> 'deleted'
    returning id`.execute(trx);
  for (const { id } of rows) await deps.events.publish(trx, { kind: "bot", botId: id, userId });
}

/** Whether nothing of the user's bot is left at Fly; true also for somebody who never had one. */
export async function isBotRemoved(db: Kysely<Database>, userId: string): Promise<boolean> {
  const row = await db
    .selectFrom("app.bots")
    .select(sql<boolean>`desired = 'deleted' and status = 'deleting' and fly_app_id is null`.as("removed"))
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return row?.removed ?? true;
}
