import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";
import { forgetMails } from "../mail/forget-mails.ts";
import { tokenHash } from "../mail/link-token.ts";
import { canonicalEmail } from "./canonical-email.ts";
import { deleteEntry } from "./table.ts";

type Which = Parameters<typeof deleteEntry>[1];

/** Deletes the entry of this token and its mails. Idempotent, and silent about whether it existed. */
export async function leaveWaitlist({ db }: Pick<Deps, "db">, token: string): Promise<void> {
  await forget(db, { tokenHash: tokenHash(token) });
}

/** The operator's answer to "delete my data". @returns whether the mailbox was on the list. */
export async function deleteFromWaitlist({ db }: Pick<Deps, "db">, email: string): Promise<boolean> {
  return forget(db, { canonical: canonicalEmail(email.trim().normalize("NFKC").toLowerCase()) });
}

async function forget(db: Kysely<Database>, which: Which): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const addresses = await deleteEntry(trx, which);
    for (const address of addresses)
      await forgetMails(trx, address, ["confirm-waitlist", "waitlist-invitation"]);
    return addresses.length > 0;
  });
}
