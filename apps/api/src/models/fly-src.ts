/**
 * Which machine a request comes from, by the word of Fly's proxy:
 *
 *   Fly-Src: instance=<machine id>;app=<app>;org=<org>;ts=<unix seconds>
 *   Fly-Src-Signature: <base64 Ed25519 signature of the value of Fly-Src>
 *
 * The public key lies, hex, in every machine at /.fly/fly-src.pub. Documented by Fly: community.fly.io
 * 20566 (format, signature, key) and 26147 (requests to public addresses carry it only when they ask
 * with `Fly-Src-OptIn: *`, which bot/config-template.ts sends). Not tried on Fly by us: whether the
 * proxy drops such headers when a stranger sends them. A recorded pair is therefore worth something
 * for the MAX_AGE_S seconds that Fly's own libraries allow.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** As in superfly/flysrc-go. */
const MAX_AGE_S = 30;
/** DER in front of the 32 bytes of an Ed25519 key (RFC 8410). */
const SPKI = "302a300506032b6570032100";

export interface FlySource {
  machineId: string;
  app: string;
}

/** @param text 64 hex digits. @throws {RangeError} for anything else. */
export function readFlySrcKey(text: string): KeyObject {
  const hex = text.trim();
  if (!/^[\da-f]{64}$/i.test(hex)) throw new RangeError("expected 64 hex digits, an Ed25519 public key");
  return createPublicKey({ key: Buffer.from(SPKI + hex, "hex"), format: "der", type: "spki" });
}

/** Undefined: not said, not said by Fly, or said too long ago. */
export function verifyFlySrc(headers: IncomingHttpHeaders, key: KeyObject, now: Date): FlySource | undefined {
  const { "fly-src": said, "fly-src-signature": signature } = headers;
  if (typeof said !== "string" || typeof signature !== "string") return undefined;
  if (!verify(null, Buffer.from(said, "latin1"), key, Buffer.from(signature, "base64"))) return undefined;
  const fields = new Map(
    said.split(";").map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
    }),
  );
  const [machineId, app, ts] = [fields.get("instance"), fields.get("app"), Number(fields.get("ts"))];
  const isFresh = Math.abs(now.getTime() / 1000 - ts) <= MAX_AGE_S;
  return machineId && app && isFresh ? { machineId, app } : undefined;
}
