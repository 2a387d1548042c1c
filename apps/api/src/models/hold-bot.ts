import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { type Hold, updateHeld } from "./budget-table.ts";

/**
 * Stops a bot's spending for the breaker or the operator: from here on no call leaves, the app shows
 * it (the database tells with a `usage` event) and the owner gets a mail, all of it or nothing. One
 * that is held already stays so for its first reason; only the operator's stop replaces another.
 * @returns whether this call did it.
 */
export async function holdBot(db: Kysely<Database>, botId: string, hold: Hold): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const held = await updateHeld(trx, botId, hold);
    if (!held) return false;
    await queueMail(trx, {
      key: `spending-held/${botId}/${held.since.toISOString()}`,
      recipient: held.email,
      template: "spending-held",
      data: { reason: hold.reason, note: hold.note },
    });
    return true;
  });
}
