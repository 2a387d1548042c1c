/**
 * What a mail is about to say: the code is made valid in the caller's transaction, whoever sends it
 * then, over SMTP (mail-sender.ts) or by the hook (mail-hook.ts).
 */
import type { Clock } from "./clock.ts";
import type { Query } from "./database.ts";
import type { MailIntent } from "./mail-queue.ts";
import { issueCode } from "./one-time-codes.ts";
import { findUserByEmail, findUserById, updateUser } from "./users.ts";
import type { UserRow } from "./users.ts";

export interface Issued {
  kind: "code";
  intent: MailIntent;
  user: UserRow;
  code: string;
  /** What GoTrue calls the token hash. */
  link: string;
}

/** What a link in a mail calls itself; undefined where there is only a code. */
export const linkType = {
  confirmation: "signup",
  recovery: "recovery",
  magiclink: "magiclink",
  email_change_current: "email_change",
  email_change_new: "email_change",
  reauthentication: undefined,
} satisfies Record<MailIntent["purpose"], string | undefined>;

/**
 * Undefined when there is nobody to write to any more. The row is locked: a code that was used meanwhile
 * has removed it, and is not made valid again. "known": somebody signs up who has an account.
 */
export async function issueMail(
  { clock, secret }: { clock: Clock; secret: Buffer },
  query: Query,
  intent: MailIntent,
): Promise<Issued | { kind: "known" } | undefined> {
  const { rowCount } = await query.query("select from auth.mail_intents where id = $1 for update", [
    intent.id,
  ]);
  if (rowCount === 0) return undefined;
  const user = intent.user_id
    ? await findUserById(query, intent.user_id)
    : await findUserByEmail(query, intent.address);
  if (!user || !stillWanted(user, intent)) return undefined;
  if (intent.purpose === "confirmation" && user.email_confirmed_at) return { kind: "known" };
  const now = clock.now();
  const { purpose } = intent;
  const { code, link } = await issueCode(query, { secret, intent, userId: user.id, purpose, now });
  if (purpose === "recovery" || purpose === "magiclink") {
    await updateUser(query, user.id, { recovery_sent_at: now, now });
  }
  return { kind: "code", intent, user, code, link };
}

/** A change of address that was replaced or finished needs no code any more. */
function stillWanted(user: UserRow, intent: MailIntent): boolean {
  if (intent.purpose === "email_change_new") return user.email_change === intent.address;
  if (intent.purpose === "email_change_current")
    return user.email_change !== null && user.email === intent.address;
  return true;
}
