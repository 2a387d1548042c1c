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

/** What is stored and looked up. */
export function tokenHash(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
