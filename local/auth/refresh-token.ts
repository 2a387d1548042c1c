/**
 * A refresh token proves (session, counter) and nothing else: version byte, session id, counter,
 * and a MAC of those 21 bytes cut to 16. GoTrue's second version has the same idea. Nothing that
 * opens a session is stored: the database holds the counter, the disk holds the secret.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

const version = 2;
const headBytes = 21;
const macBytes = 16;

export interface RefreshToken {
  sessionId: string;
  counter: number;
}

export function writeRefreshToken(secret: Buffer, token: RefreshToken): string {
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(version, 0);
  head.write(token.sessionId.replaceAll("-", ""), 1, "hex");
  head.writeUInt32BE(token.counter, 17);
  return Buffer.concat([head, mac(secret, head)]).toString("base64url");
}

/** What the token proves, or undefined when this service never wrote it. */
export function readRefreshToken(secret: Buffer, text: string): RefreshToken | undefined {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length !== headBytes + macBytes || bytes.toString("base64url") !== text) return undefined;
  const head = bytes.subarray(0, headBytes);
  if (head.readUInt8(0) !== version) return undefined;
  if (!timingSafeEqual(bytes.subarray(headBytes), mac(secret, head))) return undefined;
  const hex = head.toString("hex", 1, 17);
  const sessionId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return { sessionId, counter: head.readUInt32BE(17) };
}

function mac(secret: Buffer, head: Buffer): Buffer {
  return createHmac("sha256", secret).update("refresh\0").update(head).digest().subarray(0, macBytes);
}
