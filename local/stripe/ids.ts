import { randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A Stripe-like id, such as `sub_1M…`: unguessable, because hosted pages are opened by it alone. */
export function newId(prefix: string, length = 24): string {
  let out = prefix;
  while (out.length < prefix.length + length) {
    for (const byte of randomBytes(length)) {
      // 248 = 4 * 62: a byte above would favour the first letters.
      if (byte < 248 && out.length < prefix.length + length) out += alphabet[byte % 62];
    }
  }
  return out;
}
