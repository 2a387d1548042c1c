/**
 * One account on its way to the end. Each step may be taken any number of times, leaves a receipt, and
 * goes on where the last one was cut off. The machine and the subscription end side by side, so that
 * nobody pays on because Fly is down, or keeps a machine because Stripe is; then all the rest goes.
 */
import { endSubscription } from "../billing/end-subscription.ts";
import { flushUsage } from "../billing/flush-usage.ts";
import type { Deps } from "../deps.ts";
import { failpoint } from "../failpoints.ts";
import { isBotRemoved } from "../fleet/delete-bot.ts";
import { forgetPerson } from "../mail/forget-mails.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { hasOpenCalls } from "../models/open-calls.ts";
import { deleteFromWaitlist } from "../waitlist/leave-waitlist.ts";
import { deleteAuthUser } from "./supabase.ts";
import { type Deletion, eraseSome, finishDeletion, writeReceipt } from "./table.ts";

/** Rows of one statement: a second's work, far below its time limit. */
const BITE = 5_000;

/** What it waits for, or that it is done. */
export type Ending = "ended" | "waits for the machine" | "waits for the usage";

/** @throws {AppError} when a service does not answer; the next call goes on from there. */
export async function endAccount(deps: Deps, deletion: Deletion, signal: AbortSignal): Promise<Ending> {
  const { db } = deps;
  const userId = deletion.user_id;
  let row = deletion;
  await failpoint("after-revoke-before-delete");
  if (row.machine_removed_at === null && (await isBotRemoved(db, userId)))
    row = await writeReceipt(db, userId, "machine_removed_at");
  if (row.subscription_ended_at === null) {
    if (!(await isBilled(deps, row, signal))) return "waits for the usage";
    if (row.stripe_customer_id !== null) await endSubscription(deps, row.stripe_customer_id);
    await failpoint("mid-delete");
    row = await writeReceipt(db, userId, "subscription_ended_at");
  }
  if (row.machine_removed_at === null) return "waits for the machine";
  if (row.account_removed_at === null) row = await removeAccount(deps, row, signal);
  await sayFarewell(deps, row);
  return "ended";
}

/** The keys open nothing any more; what is still running is settled first, then told to Stripe. */
async function isBilled(deps: Deps, { user_id: userId }: Deletion, signal: AbortSignal): Promise<boolean> {
  if (await hasOpenCalls(deps.db, userId)) return false;
  return flushUsage(deps, userId, signal);
}

/** Everything the person wrote and was, here and at the auth service. Their row closes the books as it goes. */
async function removeAccount(deps: Deps, row: Deletion, signal: AbortSignal): Promise<Deletion> {
  while ((await eraseSome(deps.db, row.user_id, BITE)) > 0) signal.throwIfAborted();
  await failpoint("mid-delete");
  await deleteAuthUser(deps.config, row.user_id, signal);
  await failpoint("mid-delete");
  return writeReceipt(deps.db, row.user_id, "account_removed_at");
}

/** All that was ever sent to the person is forgotten, then the address itself, with its last mail. */
async function sayFarewell(deps: Deps, { user_id: userId, email, language }: Deletion): Promise<void> {
  if (email) await deleteFromWaitlist(deps, email);
  await failpoint("mid-delete");
  await deps.db.transaction().execute(async (trx) => {
    await forgetPerson(trx, { userId, recipient: email });
    // Somebody without an address hears nothing (ensure-user.ts).
    if (email && !email.endsWith("@invalid"))
      await queueMail(trx, {
        key: `account-deleted/${userId}`,
        recipient: email,
        template: "account-deleted",
        language,
        data: {},
      });
    await finishDeletion(trx, userId);
  });
}
