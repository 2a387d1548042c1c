import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { publish } from "../events.ts";

/** A bot that never rests gets its new machine after a day. */
const PATIENCE_HOURS = 24;

/**
 * Asks for a new key of a bot. Without `atOnce` it comes when the bot wakes next, within a day, and
 * nobody notices. With it, for a key that is in the wrong hands, the present key is dead within
 * seconds and the machine is made anew now, whatever the bot is doing.
 * @returns false when there is no such bot, or it is being deleted.
 */
export async function rotateKey(
  { db }: Pick<Deps, "db">,
  botId: string,
  { atOnce }: { atOnce: boolean },
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const dead = { model_key_hash: null, previous_key_hash: null, previous_key_until: null };
    const hours = atOnce ? 0 : PATIENCE_HOURS;
    const bot = await trx
      .updateTable("app.bots")
      .set({
        renew_machine_by: sql<Date>`least(renew_machine_by, now() + ${hours} * interval '1 hour')`,
        ...(atOnce ? { ...dead, next_attempt_at: sql<Date>`now()` } : {}),
      })
      .where("id", "=", botId)
      .where("desired", "<>", "deleted")
      .returning(["id", "user_id"])
      .executeTakeFirst();
    if (bot === undefined) return false;
    await publish(trx, { kind: "bot", botId: bot.id, userId: bot.user_id });
    return true;
  });
}
