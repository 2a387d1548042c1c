import { randomBytes } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";
import { seal } from "../secrets.ts";
import { newModelKey } from "./model-key.ts";
import { gatewayTokenPlace } from "./secret-places.ts";

/**
 * Wants the user's bot to live: makes its row once, with keys of its own, or asks a paused or failed
 * one to run again. A bot that sleeps is left to sleep, one that is being deleted to go. The
 * reconciler does the rest; any number of calls is one call.
 */
export async function askForBot(
  deps: Pick<Deps, "config" | "events">,
  trx: Kysely<Database>,
  userId: string,
): Promise<void> {
  const changed = (await insertBot(deps, trx, userId)) ?? (await reviveBot(trx, userId));
  if (changed !== undefined) await deps.events.publish(trx, { kind: "bot", botId: changed, userId });
}

async function insertBot(
  { config }: Pick<Deps, "config">,
  trx: Kysely<Database>,
  userId: string,
): Promise<string | undefined> {
  const id = crypto.randomUUID();
  const row = await trx
    .insertInto("app.bots")
    .values({
      id,
      user_id: userId,
      gateway_token: seal(config.masterKey, randomBytes(32).toString("base64url"), gatewayTokenPlace(id)),
      ...newModelKey(config.masterKey, id),
    })
    .onConflict((conflict) => conflict.column("user_id").doNothing())
    .returning("id")
    .executeTakeFirst();
  return row?.id;
}

/** A bot that was ready once wakes, one that never was goes on being born. */
async function reviveBot(trx: Kysely<Database>, userId: string): Promise<string | undefined> {
  const row = await trx
    .updateTable("app.bots")
    .set({
      desired: "running",
      status: sql`case when boot_id is null then 'provisioning' else 'waking' end`,
      step: sql`case when boot_id is null then 'queued' else 'boot' end`,
      step_since: sql`now()`,
      last_active_at: sql`now()`,
      failure_code: null,
      failure_message: null,
      attempts: 0,
      replacements: 0,
      crashes: 0,
      next_attempt_at: sql`now()`,
    })
    .where("user_id", "=", userId)
    .where("desired", "<>", "deleted")
    .where((or) => or.or([or("status", "=", "failed"), or("desired", "=", "paused")]))
    .returning("id")
    .executeTakeFirst();
  return row?.id;
}
