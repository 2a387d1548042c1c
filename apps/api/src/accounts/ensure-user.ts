import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { upsertUser } from "./table.ts";

/**
 * Makes sure that the product knows the user of a verified token. Idempotent; called at the doors
 * through which somebody new may come in.
 * @throws {AppError} not_signed_in when the account was deleted while its token still lives.
 */
export async function ensureUser(
  { db }: Pick<Deps, "db">,
  user: { userId: string; email: string },
): Promise<void> {
  const known = await upsertUser(db, user.userId, user.email || "unknown@invalid");
  if (!known) throw new AppError("not_signed_in", "This account no longer exists.");
}
