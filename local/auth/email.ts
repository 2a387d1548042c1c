/**
 * One mailbox, one spelling. Everything that looks up, limits or mails an address uses this form, so
 * tricks with case, width, dots and invisible marks cannot make a second account for one mailbox.
 */
import { domainToASCII } from "node:url";

import { invalid } from "./errors.ts";

const maxLength = 255;
const local = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const domain = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Trimmed, NFKC, lower case, the domain in ASCII without a trailing dot. The part before the @ must
 * be ASCII after that: mailboxes outside ASCII are refused, never guessed at.
 * @throws 400 `validation_failed`
 */
export function canonicalEmail(input: unknown): string {
  if (typeof input !== "string" || input.trim() === "") throw invalid("An email address is required");
  if (input.length > maxLength) throw invalid(`An email address too long, over ${maxLength} characters`);
  const text = input.trim().normalize("NFKC").toLowerCase();
  const at = text.lastIndexOf("@");
  const name = text.slice(0, Math.max(at, 0));
  const host = domainToASCII(text.slice(at + 1)).replace(/\.$/, "");
  const ok = name.length <= 64 && local.test(name) && host.length <= 253 && domain.test(host);
  if (!ok) throw invalid("Unable to validate email address: invalid format");
  return `${name}@${host}`;
}
