/**
 * The signing keys and the service's secret, in one file that only its owner may read.
 *
 * Three states: `next` is already published but signs nothing, so verifiers know it before they see
 * it; `active` signs; `old` only verifies, until the last token it signed has expired.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";

import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from "jose";
import type { CryptoKey, JWK } from "jose";

import { minuteMs, secondMs } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { AuthError } from "./errors.ts";

interface StoredKey {
  kid: string;
  state: "next" | "active" | "old";
  /** Without its private part `d` once the state is old. */
  jwk: JWK;
  createdAt: string;
  retiredAt?: string;
}

interface KeyFile {
  version: 1;
  secret: string;
  keys: StoredKey[];
}

export interface KeyRing {
  /** Keys the MACs of refresh tokens, codes and links. */
  readonly secret: Buffer;
  signing(): { kid: string; key: CryptoKey };
  /** The verifying key of that id, or undefined when it is unknown or too old. */
  verifying(kid: string): CryptoKey | undefined;
  published(): JWK[];
  /** The next key starts to sign, the active one only verifies, a new next one is published. */
  rotate(): Promise<void>;
}

/** Rotations within one token lifetime are bounded, so that the published set stays small. */
const maxOldKeys = 10;

interface LoadedKey extends StoredKey {
  privateKey: CryptoKey | undefined;
  publicKey: CryptoKey;
}

/**
 * Reads the keys from `dataDir`, or makes them on first start.
 * @throws when the file is unreadable, damaged, or open to other users of this computer.
 */
export async function openKeyRing(options: {
  dataDir: string;
  clock: Clock;
  jwtSeconds: number;
}): Promise<KeyRing> {
  const { dataDir, clock } = options;
  const path = join(dataDir, "auth-keys.json");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const existing = await readKeyFile(path);
  const secret = existing ? Buffer.from(existing.secret, "base64url") : randomBytes(32);
  let keys: LoadedKey[] = existing
    ? await Promise.all(existing.keys.map(load))
    : [await makeKey("active", clock.now()), await makeKey("next", clock.now())];
  if (!existing) await writeKeyFile(path, secret, keys);
  const alive = (key: LoadedKey): boolean =>
    key.retiredAt === undefined ||
    Date.parse(key.retiredAt) + options.jwtSeconds * secondMs + minuteMs > clock.now().getTime();

  return {
    secret,
    signing() {
      const active = keys.find((key) => key.state === "active");
      if (!active?.privateKey) throw new Error(`${path} holds no active signing key.`);
      return { kid: active.kid, key: active.privateKey };
    },
    verifying: (kid) => keys.find((key) => key.kid === kid && alive(key))?.publicKey,
    published: () => keys.filter(alive).map((key) => publicJwk(key.jwk, key.kid)),
    async rotate() {
      const kept = keys.filter(alive);
      if (kept.filter((key) => key.state === "old").length >= maxOldKeys) {
        throw new AuthError(409, "conflict", `${maxOldKeys} old keys still verify live tokens`);
      }
      const rotated = await Promise.all(kept.map((key) => promote(key, clock.now())));
      rotated.push(await makeKey("next", clock.now()));
      await writeKeyFile(path, secret, rotated);
      keys = rotated;
    },
  };
}

async function promote(key: LoadedKey, now: Date): Promise<LoadedKey> {
  if (key.state === "old") return key;
  if (key.state === "next") return { ...key, state: "active" };
  const { d: _private, ...jwk } = key.jwk;
  return { ...key, state: "old", jwk, privateKey: undefined, retiredAt: now.toISOString() };
}

async function makeKey(state: "active" | "next", now: Date): Promise<LoadedKey> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(pair.privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return load({ kid, state, jwk, createdAt: now.toISOString() });
}

async function load(stored: StoredKey): Promise<LoadedKey> {
  const publicKey = await importKey(publicJwk(stored.jwk, stored.kid));
  return { ...stored, publicKey, privateKey: stored.jwk.d ? await importKey(stored.jwk) : undefined };
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, "ES256");
  if (key instanceof Uint8Array) throw new Error("A signing key must be an elliptic curve key.");
  return key;
}

function publicJwk(jwk: JWK, kid: string): JWK {
  const { kty, crv, x, y } = jwk;
  if (kty !== "EC" || crv !== "P-256" || !x || !y) throw new Error(`Signing key ${kid} is not a P-256 key.`);
  return { kty, crv, x, y, kid, alg: "ES256", use: "sig", key_ops: ["verify"], ext: true };
}

async function readKeyFile(path: string): Promise<KeyFile | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!found) return undefined;
  if ((found.mode & 0o077) !== 0 && process.platform !== "win32") {
    throw new Error(`${path} can be read by other users of this computer. Run: chmod 600 ${path}`);
  }
  const file: unknown = JSON.parse(await readFile(path, "utf8"));
  if (!isKeyFile(file)) throw new Error(`${path} is damaged. Without it nobody stays signed in.`);
  return file;
}

function isKeyFile(file: unknown): file is KeyFile {
  if (typeof file !== "object" || file === null) return false;
  const { version, secret, keys } = file as Partial<Record<keyof KeyFile, unknown>>;
  return version === 1 && typeof secret === "string" && secret.length >= 43 && Array.isArray(keys);
}

/** Whole or not at all: written beside the old file, flushed, then renamed over it. */
async function writeKeyFile(path: string, secret: Buffer, keys: LoadedKey[]): Promise<void> {
  const stored = keys.map(({ privateKey: _private, publicKey: _public, ...key }) => key);
  const content: KeyFile = { version: 1, secret: secret.toString("base64url"), keys: stored };
  const beside = `${path}.new`;
  const handle = await open(beside, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, path);
}
