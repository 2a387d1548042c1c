import type { Deps } from "../deps.ts";
import { forgetMails } from "../mail/forget-mails.ts";
import { forgetRemovals } from "./removals.ts";
import { limits } from "./limits.ts";
import { deletePosts, deleteUnconfirmed } from "./table.ts";

/** What the mail and the privacy page say, counted from the last mail that says it. */
const KEPT_MS = 14 * 24 * 60 * 60_000;
const BATCH = 200;

/** Deletes addresses that never confirmed, the mails that asked them, and what is remembered of who left. */
export async function purgeWaitlist(
  { db, clock }: Pick<Deps, "db" | "clock">,
  signal: AbortSignal,
): Promise<string> {
  let deleted = 0;
  while (!signal.aborted) {
    const count = await deleteSome(db, new Date(clock.now().getTime() - KEPT_MS));
    deleted += count;
    if (count < BATCH) break;
  }
  await deletePosts(db, new Date(clock.now().getTime() - limits.dayMs));
  while (!signal.aborted && (await forgetRemovals(db, clock.now(), BATCH)) === BATCH);
  return deleted === 0 ? "" : `deleted ${deleted} addresses that were never confirmed`;
}

async function deleteSome(db: Deps["db"], before: Date): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const addresses = await deleteUnconfirmed(trx, before, BATCH);
    for (const address of addresses) await forgetMails(trx, address, ["confirm-waitlist"]);
    return addresses.length;
  });
}
