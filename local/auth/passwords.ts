/**
 * Passwords: scrypt, compared in constant time, and a dummy hash for addresses that are unknown, so
 * that a wrong address takes as long as a wrong password.
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

import { AuthError, invalid } from "./errors.ts";

/** As in the product's `supabase/config.toml`; GoTrue's own floor is 6. */
export const minPasswordLength = 8;
/** GoTrue's ceiling, in bytes (bcrypt reads no further). */
const maxPasswordBytes = 72;
const blockSize = 8;
const parallel = 5;
const keyBytes = 32;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** True when it matches. With no stored hash it does the same work and answers false. */
  matches(password: string, stored: string | null): Promise<boolean>;
}

/** @param log2 log2 of scrypt's cost N; memory is 1 KiB x N a hash. */
export async function createPasswords(log2: number): Promise<Passwords> {
  const hash = async (password: string): Promise<string> => {
    const salt = randomBytes(16);
    const key = await derive(password, { salt, log2, parallel });
    return `scrypt$${log2}$${parallel}$${salt.toString("base64url")}$${key.toString("base64url")}`;
  };
  const dummy = await hash(randomBytes(16).toString("hex"));
  return {
    hash,
    async matches(password, stored) {
      const parts = parse(stored ?? dummy);
      const key = await derive(password, parts);
      return timingSafeEqual(key, parts.key) && stored !== null;
    },
  };
}

/** @throws 422 `weak_password` with its reasons, 400 when it is longer than scrypt is asked to read. */
export function checkPassword(password: string): void {
  if (Buffer.byteLength(password) > maxPasswordBytes) {
    throw invalid(`Password cannot be longer than ${maxPasswordBytes} characters`);
  }
  if (password.length >= minPasswordLength) return;
  const message = `Password should be at least ${minPasswordLength} characters.`;
  throw new AuthError(422, "weak_password", message).with({ weak_password: { reasons: ["length"] } });
}

interface Cost {
  salt: Buffer;
  log2: number;
  parallel: number;
}

const deriveKey = promisify<string, Buffer, number, object, Buffer>(scrypt);

function derive(password: string, cost: Cost): Promise<Buffer> {
  const N = 2 ** cost.log2;
  const options = { N, r: blockSize, p: cost.parallel, maxmem: 256 * N * blockSize };
  return deriveKey(password.normalize("NFKC"), cost.salt, keyBytes, options);
}

function parse(stored: string): Cost & { key: Buffer } {
  const [kind, log2, lanes, salt, key] = stored.split("$");
  if (kind !== "scrypt" || !log2 || !lanes || !salt || !key) {
    throw new Error("A stored password is not in this service's format.");
  }
  return {
    log2: Number(log2),
    parallel: Number(lanes),
    salt: Buffer.from(salt, "base64url"),
    key: Buffer.from(key, "base64url"),
  };
}
