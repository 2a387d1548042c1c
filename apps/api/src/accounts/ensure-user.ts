import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { followAddress } from "../mail/follow-address.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { languageOfHeader } from "./choose-language.ts";
import { isKnown, upsertUser } from "./table.ts";

export interface SeenUser {
  userId: string;
  email: string;
  /** The request by which they came in: it says their language, where their sign-up did not. */
  request?: { headers: { "accept-language"?: string | undefined } };
}

/**
 * Makes sure that the product knows the user of a verified token, and welcomes a new one by mail,
 * once; a changed address takes along the mails of the old one. Idempotent; called at the doors through
 * which somebody new may come in.
 * @throws {AppError} not_signed_in when the account was deleted while its token still lives.
 */
export async function ensureUser(
  { db }: Pick<Deps, "db">,
  { userId, email, request }: SeenUser,
): Promise<void> {
  // Somebody who signed up by telephone has no address, and gets no mail.
  const address = email || "unknown@invalid";
  if (await isKnown(db, userId, address)) return;
  const language = languageOfHeader(request?.headers["accept-language"]);
  await db.transaction().execute(async (trx) => {
    const { happened, before } = await upsertUser(trx, { id: userId, email: address, language });
    if (happened === "unknown") throw new AppError("not_signed_in", "This account no longer exists.");
    if (happened === "inserted" && email)
      await queueMail(trx, { key: `welcome/${userId}`, recipient: email, template: "welcome", data: {} });
    if (isReal(before) && isReal(address) && before !== address)
      await followAddress(trx, { userId, from: before, to: address });
  });
}

/** Not the stand-in of somebody without an address. */
function isReal(address: string | null): address is string {
  return address !== null && !address.endsWith("@invalid");
}
