import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { tokenHash } from "../mail/link-token.ts";
import { confirmByToken, positionOf } from "./table.ts";

/**
 * The second opt-in. Idempotent: a second click answers the place of today, or null to
 * somebody who has been invited since.
 * @throws {AppError} not_found for a token that is not on the list, or not any more.
 */
export async function confirmWaitlist(
  { db, clock }: Pick<Deps, "db" | "clock">,
  token: string,
): Promise<{ position: number | null; referralCode: string }> {
  const entry = await confirmByToken(db, tokenHash(token), clock.now());
  if (!entry)
    throw new AppError("not_found", "This link is not valid any more. You can join the list again.");
  return { position: await positionOf(db, entry.id), referralCode: entry.referral_code };
}
