import { createHash, createHmac } from "node:crypto";
import type { MasterKey } from "../secrets.ts";

/**
 * The token of a link in a mail: 43 characters, always the same for the same thing, so that it need
 * not be stored. Rows hold only its hash; the token itself exists in the mail and nowhere else.
 * @param what names purpose and row, e.g. `waitlist:<id>`.
 */
export function linkToken(masterKey: MasterKey, what: string): string {
  return createHmac("sha256", Buffer.from(masterKey, "base64"))
    .update(`mail-link:${what}`)
    .digest("base64url");
}

/**
 * Of a mail's List-Unsubscribe header. Mail programs want it in the address itself, where servers may
 * write it down, so it is another one than the link's: it stops this kind of mail to this address.
 */
export function oneClickToken(
  masterKey: MasterKey,
  { template, recipient }: { template: string; recipient: string },
): string {
  return linkToken(masterKey, `one-click:${template}:${recipient}`);
}

/** What is stored and looked up. */
export function tokenHash(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
