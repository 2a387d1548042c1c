import { createHash, randomBytes } from "node:crypto";
import { type MasterKey, seal } from "../secrets.ts";
import { modelKeyPlace } from "./secret-places.ts";

/** A new key of a bot for the model proxy: sealed for its machine, and the hash by which the proxy finds it. */
export function newModelKey(
  masterKey: MasterKey,
  botId: string,
): { model_key: string; model_key_hash: Buffer } {
  const key = `molt_${randomBytes(32).toString("base64url")}`;
  return {
    model_key: seal(masterKey, key, modelKeyPlace(botId)),
    model_key_hash: createHash("sha256").update(key).digest(),
  };
}
