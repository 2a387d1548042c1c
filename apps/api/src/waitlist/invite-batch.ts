import type { Deps } from "../deps.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { inviteFirst, lockWaitlist } from "./table.ts";

/** One transaction, so one bound; call again for more. */
export const MAX_BATCH = 500;

/**
 * Invites the first of the list, in the order people see as their place, except who has an account. Each is invited once, also
 * when two operators press the button together. The mails leave with the commit.
 * @returns the addresses invited; fewer than asked for when the list is shorter.
 * @throws {RangeError} unless 1 to MAX_BATCH.
 */
export async function inviteBatch(
  { db, clock }: Pick<Deps, "db" | "clock">,
  count: number,
): Promise<string[]> {
  if (!Number.isInteger(count) || count < 1 || count > MAX_BATCH) {
    throw new RangeError(`expected 1 to ${MAX_BATCH} invitations, got ${count}`);
  }
  return db.transaction().execute(async (trx) => {
    await lockWaitlist(trx);
    const invited = await inviteFirst(trx, count, clock.now());
    for (const { id, email, language } of invited) {
      await queueMail(trx, {
        key: `waitlist-invitation/${id}`,
        recipient: email,
        template: "waitlist-invitation",
        language: language === "de" ? "de" : "en",
        data: { entryId: id },
      });
    }
    return invited.map(({ email }) => email);
  });
}
