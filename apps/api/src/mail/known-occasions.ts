import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import { selectKeys } from "./table.ts";

/** Which of these occasions have their mail already: for jobs that look at many, again and again. */
export async function knownOccasions(
  db: Kysely<Database>,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  return new Set(await selectKeys(db, keys));
}
