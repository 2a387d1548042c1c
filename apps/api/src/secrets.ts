/**
 * Secrets at rest: AES-256-GCM in an envelope `v1.<key id>.<iv>.<tag>.<ciphertext>`, base64url.
 * The additional data names table, row and column, so that a ciphertext moved to another row or
 * tenant does not open.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { AppError } from "./errors.ts";

/** 32 bytes, base64. The key id in the envelope is the start of its SHA-256. */
export type MasterKey = string;

const IV_BYTES = 12;

/** @param where e.g. `bots:<id>:gateway_token`. */
export function seal(masterKey: MasterKey, plain: string, where: string): string {
  const key = Buffer.from(masterKey, "base64");
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  cipher.setAAD(Buffer.from(where));
  const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  return [
    "v1",
    keyId(key),
    ...[iv, cipher.getAuthTag(), sealed].map((part) => part.toString("base64url")),
  ].join(".");
}

/**
 * @throws {AppError} `internal` when the envelope is of another key, another place, or was changed:
 * never garbage instead of the secret.
 */
export function open(masterKey: MasterKey, envelope: string, where: string): string {
  const key = Buffer.from(masterKey, "base64");
  const [version, id, iv = "", tag = "", sealed = ""] = envelope.split(".");
  if (version !== "v1" || id !== keyId(key)) {
    throw new AppError("internal", "A stored secret cannot be opened.", {
      detail: { where, version, keyId: id },
    });
  }
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(iv, "base64url"));
  decipher.setAAD(Buffer.from(where));
  decipher.setAuthTag(Buffer.from(tag, "base64url"));
  try {
    return Buffer.concat([decipher.update(Buffer.from(sealed, "base64url")), decipher.final()]).toString(
      "utf8",
    );
  } catch (cause) {
    throw new AppError("internal", "A stored secret cannot be opened.", { cause, detail: { where } });
  }
}

function keyId(key: Buffer): string {
  return createHash("sha256").update(key).digest("base64url").slice(0, 8);
}
