import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";

/**
 * Wants the bot awake, and says "waking" at once: the app shows it within 300 ms (F65), long before a
 * machine moves. A failed bot is tried again (F66). A paused bot, or one that is being deleted, is
 * left alone. Repeating it changes nothing but the time of the last activity.
 */
export async function wakeBot(
  deps: Pick<Deps, "events">,
  trx: Kysely<Database>,
  botId: string,
): Promise<void> {
  // The right-hand sides see the row as it was.
  const down = sql<boolean>`status in ('asleep', 'failed')`;
  const row = await trx
    .updateTable("app.bots")
    .set({
      desired: "running",
      last_active_at: sql`now()`,
      status: sql`case when not ${down} then status when boot_id is null then 'provisioning' else 'waking' end`,
      step: sql`case when not ${down} then step when boot_id is null then 'queued' else 'boot' end`,
      step_since: sql`case when ${down} then now() else step_since end`,
      attempts: sql`case when ${down} then 0 else attempts end`,
      replacements: sql`case when status = 'failed' then 0 else replacements end`,
      crashes: sql`case when status = 'failed' then 0 else crashes end`,
      failure_code: null,
      failure_message: null,
      next_attempt_at: sql`case when status = 'running' or ${down} then now() else next_attempt_at end`,
    })
    .where("id", "=", botId)
    .where("desired", "in", ["running", "asleep"])
    .returning("user_id")
    .executeTakeFirst();
  if (row !== undefined) await deps.events.publish(trx, { kind: "bot", botId, userId: row.user_id });
}
