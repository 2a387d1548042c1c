/** What a right code changes on the account, inside the transaction that took the code out. */
import { record } from "./audit.ts";
import type { Context } from "./context.ts";
import type { Query } from "./database.ts";
import { AuthError, codeExpired } from "./errors.ts";
import { voidCodes } from "./one-time-codes.ts";
import type { CodeRow } from "./one-time-codes.ts";
import { findUserById, isBanned, updateUser } from "./users.ts";
import type { UserRow } from "./users.ts";

/** Values of auth.users.email_change_confirm_status. */
const confirmedBy = { nobody: 0, current: 1, next: 2 } as const;

export type Accepted = { state: "done"; method: string } | { state: "half" };

/** @throws 403 `user_banned`, 403 `otp_expired` for an outdated change, 422 `email_exists`. */
export async function acceptCode(
  context: Context,
  query: Query,
  given: { row: CodeRow; ip: string },
): Promise<Accepted> {
  const { row } = given;
  const now = context.clock.now();
  const user = await findUserById(query, row.user_id, true);
  if (!user) throw codeExpired();
  if (isBanned(user, now)) throw new AuthError(403, "user_banned", "User is banned");
  await record(query, { now, action: "code_accepted", userId: user.id, ip: given.ip });
  switch (row.purpose) {
    case "confirmation":
      await confirm(query, user, { now, keepPassword: true });
      return { state: "done", method: "otp" };
    case "magiclink":
      await confirm(query, user, { now, keepPassword: false });
      return { state: "done", method: "otp" };
    case "recovery":
      await confirm(query, user, { now, keepPassword: false });
      return { state: "done", method: "recovery" };
    case "email_change_current":
    case "email_change_new":
      return changeAddress(query, { user, row, now });
    case "reauthentication":
      throw codeExpired();
  }
}

/**
 * The mailbox is proven. A password that was set before that, and not by the sign-up whose code this
 * is, may be a stranger's who knew the address: it goes.
 */
async function confirm(
  query: Query,
  user: UserRow,
  how: { now: Date; keepPassword: boolean },
): Promise<void> {
  if (user.email_confirmed_at) return;
  await updateUser(query, user.id, {
    email_confirmed_at: how.now,
    encrypted_password: how.keepPassword ? user.encrypted_password : null,
    now: how.now,
  });
  await voidCodes(query, user, ["confirmation"]);
}

/** Both mailboxes must agree, in any order (`double_confirm_changes`). */
async function changeAddress(
  query: Query,
  given: { user: UserRow; row: CodeRow; now: Date },
): Promise<Accepted> {
  const { user, row, now } = given;
  const side = row.purpose === "email_change_new" ? "next" : "current";
  if (!user.email_change || row.address !== (side === "next" ? user.email_change : user.email)) {
    throw codeExpired();
  }
  const other = side === "next" ? confirmedBy.current : confirmedBy.next;
  if (user.email_change_confirm_status !== other) {
    await updateUser(query, user.id, { email_change_confirm_status: confirmedBy[side], now });
    return { state: "half" };
  }
  await finishAddressChange(query, user, now);
  return { state: "done", method: "otp" };
}

/** @throws 422 `email_exists` when somebody else took the address meanwhile. */
export async function finishAddressChange(query: Query, user: UserRow, now: Date): Promise<UserRow> {
  const changed = await updateUser(query, user.id, {
    email: user.email_change,
    email_change: null,
    email_change_confirm_status: confirmedBy.nobody,
    email_confirmed_at: user.email_confirmed_at ?? now,
    now,
  }).catch((error: unknown) => {
    throw isTaken(error) ? emailExists() : error;
  });
  await voidCodes(query, user);
  await record(query, { now, action: "user_modified", userId: user.id });
  return changed;
}

export function emailExists(): AuthError {
  return new AuthError(422, "email_exists", "A user with this email address has already been registered");
}

function isTaken(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "23505";
}
