import type { HoldReason } from "@molt/contract";
import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import { updateResumed } from "./budget-table.ts";

/**
 * The operator lets a bot spend again, whoever had stopped it. The database tells with a `usage` event.
 * @returns why it had been stopped; undefined when it was not.
 */
export async function resumeBot(db: Kysely<Database>, botId: string): Promise<HoldReason | undefined> {
  return updateResumed(db, botId, { evenOperators: true });
}
