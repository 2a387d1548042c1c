import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import { moveMails } from "./table.ts";

/**
 * Somebody has another address: what waits for them goes there, and what they refused stays refused.
 * Give it the transaction of the change.
 */
export async function followAddress(
  trx: Kysely<Database>,
  change: { userId: string; from: string; to: string },
): Promise<void> {
  await moveMails(trx, change);
}
