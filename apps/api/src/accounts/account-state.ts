import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import { selectDeletions } from "./table.ts";

/** Open, being deleted, or gone. Somebody we have never heard of is open: everybody is new once. */
export async function accountState(
  db: Kysely<Database>,
  userId: string,
): Promise<"open" | "ending" | "ended"> {
  return (await accountStates(db, [userId])).get(userId) ?? "open";
}

/** Of these users, the ones whose account is being deleted or is gone. */
export async function accountStates(
  db: Kysely<Database>,
  userIds: readonly string[],
): Promise<Map<string, "ending" | "ended">> {
  if (userIds.length === 0) return new Map();
  const rows = await selectDeletions(db, userIds);
  return new Map(rows.map(({ userId, removed }) => [userId, removed ? "ended" : "ending"]));
}
