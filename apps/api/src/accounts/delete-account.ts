import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { deleteBot } from "../fleet/delete-bot.ts";
import { accountState } from "./account-state.ts";
import { ensureUser, type SeenUser } from "./ensure-user.ts";
import { beginDeletion, lockUser } from "./table.ts";

/**
 * Begins the end of an account: from the commit on its bot's keys open nothing, no endpoint but this
 * one answers it, and its sockets close. The rest is the job's (end-accounts.job.ts). Any number of
 * requests is one, also when the account is already gone.
 * @param typed the account's address as its owner typed it.
 * @throws {AppError} invalid_input when that is another address.
 */
export async function deleteAccount(
  deps: Deps,
  user: SeenUser & { requestId: string },
  typed: string,
): Promise<{ deleted: true }> {
  const { userId, requestId } = user;
  if ((await accountState(deps.db, userId)) !== "open") return { deleted: true };
  await ensureUser(deps, user);
  await deps.db.transaction().execute(async (trx) => {
    const row = await lockUser(trx, userId);
    if (!row) throw new AppError("not_signed_in", "This account no longer exists.");
    if (row.deleted_at !== null) return;
    if (canonical(typed) !== canonical(row.email))
      throw new AppError("invalid_input", "email: this is not the address of this account");
    await beginDeletion(trx, row);
    await deleteBot(deps, trx, userId);
    await deps.events.publish(trx, { kind: "account", userId });
  });
  deps.log.info({ userId, requestId }, "an account is being deleted, as its owner asked");
  return { deleted: true };
}

function canonical(email: string): string {
  return email.trim().normalize("NFKC").toLowerCase();
}
