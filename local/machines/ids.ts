/** Ids in the shapes Fly uses: hex machine ids, ULID versions, `vol_` volumes, `fdaa:` addresses. */
import { randomBytes } from "node:crypto";

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export const machineId = (): string => randomBytes(7).toString("hex");
export const volumeId = (): string => `vol_${randomBytes(8).toString("hex")}`;
export const appId = (): string => randomBytes(8).toString("hex");
export const nonce = (): string => randomBytes(6).toString("hex");
export const flycastIp = (): string =>
  `fdaa:0:${randomBytes(2).toString("hex")}::${randomBytes(2).toString("hex")}`;

/** 48 bits of time, 80 of chance, so that versions sort by age. */
export function ulid(now = Date.now()): string {
  let time = now;
  let head = "";
  for (let i = 0; i < 10; i += 1) {
    head = (crockford[time % 32] ?? "0") + head;
    time = Math.floor(time / 32);
  }
  return head + Array.from(randomBytes(16), (byte) => crockford[byte % 32] ?? "0").join("");
}
