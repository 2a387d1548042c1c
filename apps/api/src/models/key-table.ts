/** SQL of the bots' keys for the model proxy. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";

type Db = Kysely<Database>;

export interface KeyedBot {
  botId: string;
  /** Where the bot lives; null before it has an app or a machine. */
  flyAppId: string | null;
  machineId: string | null;
  /** The key is the present one and an older one is still good. */
  outlivesAnother: boolean;
}

/**
 * Finds a bot by its present key, or by the one before as long as that is good: two unique indexes.
 * @param hash SHA-256 of the key.
 */
export async function selectBotByKey(db: Db, hash: Buffer): Promise<KeyedBot | undefined> {
  const { rows } = await sql<KeyedBot>`
    select id as "botId", fly_app_id as "flyAppId", machine_id as "machineId",
      model_key_hash = ${hash} and previous_key_hash is not null as "outlivesAnother"
    from app.bots
    where model_key_hash = ${hash} or (previous_key_hash = ${hash} and previous_key_until > now())`.execute(
    db,
  );
  return rows[0];
}

/** The bot was seen with its new key, so nobody needs the old one. */
export async function deletePreviousKey(db: Db, hash: Buffer): Promise<void> {
  await sql`update app.bots set previous_key_hash = null, previous_key_until = null
    where model_key_hash = ${hash} and previous_key_hash is not null`.execute(db);
}
