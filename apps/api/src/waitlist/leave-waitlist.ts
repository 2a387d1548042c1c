import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";
import { forgetMails } from "../mail/forget-mails.ts";
import { tokenHash } from "../mail/link-token.ts";
import { canonicalEmail } from "./canonical-email.ts";
import { rememberRemoval } from "./removals.ts";
import { deleteEntry, lockWaitlist } from "./table.ts";

type Which = Parameters<typeof deleteEntry>[1];

/**
 * Deletes the entry of this token and its mails; that its owner did not want it is remembered without
 * the address. Idempotent, and silent about whether it existed.
 */
export async function leaveWaitlist(
  { db, clock, config }: Pick<Deps, "db" | "clock" | "config">,
  token: string,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const canonical of await forget(trx, { tokenHash: tokenHash(token) }))
      await rememberRemoval(trx, { masterKey: config.masterKey, canonical, now: clock.now() });
  });
}

/** The operator's answer to "delete my data". @returns whether the mailbox was on the list. */
export async function deleteFromWaitlist({ db }: Pick<Deps, "db">, email: string): Promise<boolean> {
  const canonical = canonicalEmail(email.trim().normalize("NFKC").toLowerCase());
  const forgotten = await db.transaction().execute((trx) => forget(trx, { canonical }));
  return forgotten.length > 0;
}

/** Under the lock, so that nobody who joins at this moment sees half of it. @returns the mailboxes forgotten. */
async function forget(trx: Kysely<Database>, which: Which): Promise<string[]> {
  await lockWaitlist(trx);
  const entries = await deleteEntry(trx, which);
  for (const { email } of entries) await forgetMails(trx, email, ["confirm-waitlist", "waitlist-invitation"]);
  return entries.map(({ canonical }) => canonical);
}
