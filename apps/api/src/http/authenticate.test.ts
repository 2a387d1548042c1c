import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from "jose";
import { systemClock } from "../clock.ts";
import { readConfig } from "../config.ts";
import { testEnvironment } from "../testing/deps.ts";
import { createAuthenticator } from "./authenticate.ts";

const userId = "7b1c8a56-8f0a-4d6e-9d0b-0c7a5b1f2e3d";
const keys = await generateKeyPair("ES256", { extractable: true });
const jwk = { ...(await exportJWK(keys.publicKey)), kid: "one", alg: "ES256", use: "sig" };

/** An auth service of which only the published keys are asked. */
async function setUp(t: TestContext, answer: { status: number } = { status: 200 }) {
  const server = createServer((_request, response) => {
    response
      .writeHead(answer.status, { "content-type": "application/json" })
      .end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const account: { state: "open" | "ending" | "ended" } = { state: "open" };
  const config = readConfig(
    testEnvironment({ SUPABASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
  );
  const authenticator = createAuthenticator({
    config,
    clock: systemClock(),
    findBot: async () => undefined,
    accountState: async () => account.state,
  });
  return { authenticator, issuer: config.auth.issuer, account };
}

interface Forged {
  header?: Partial<JWTHeaderParameters>;
  claims?: Record<string, unknown>;
  issuer?: string;
  audience?: string;
  expires?: string;
  key?: CryptoKey | Uint8Array;
}

function token(issuer: string, forged: Forged = {}): Promise<string> {
  return new SignJWT({ role: "authenticated", email: "ada@example.com", ...forged.claims })
    .setProtectedHeader({ alg: "ES256", kid: "one", ...forged.header })
    .setSubject(userId)
    .setIssuer(forged.issuer ?? issuer)
    .setAudience(forged.audience ?? "authenticated")
    .setIssuedAt()
    .setExpirationTime(forged.expires ?? "15m")
    .sign(forged.key ?? keys.privateKey);
}

test("a token of the auth service says who is calling", async (t) => {
  const { authenticator, issuer } = await setUp(t);
  const identity = await authenticator.user(await token(issuer));
  assert.equal(identity.userId, userId);
  assert.equal(identity.email, "ada@example.com");
});

test("F8 forged, foreign and expired tokens are refused", async (t) => {
  const { authenticator, issuer } = await setUp(t);
  const stranger = await generateKeyPair("ES256");
  const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(JSON.stringify({ sub: userId, iss: issuer, aud: "authenticated", exp: 9e9 })).toString("base64url")}.`;
  const table: Record<string, string> = {
    "no signature": unsigned,
    "HS256 with the public key": await token(issuer, {
      header: { alg: "HS256" },
      key: new TextEncoder().encode(JSON.stringify(jwk)),
    }),
    "another key under our key id": await token(issuer, { key: stranger.privateKey }),
    "unknown key id": await token(issuer, { header: { kid: "two" } }),
    "wrong issuer": await token(issuer, { issuer: "https://evil.example/auth/v1" }),
    "wrong audience": await token(issuer, { audience: "anon" }),
    expired: await token(issuer, { expires: "-1s" }),
    "not yet valid": await token(issuer, { claims: { nbf: 9_000_000_000 } }),
    "service role": await token(issuer, { claims: { role: "service_role" } }),
    "own key address": await token(issuer, {
      header: { jku: "https://evil.example/jwks.json" },
      key: stranger.privateKey,
    }),
    garbage: "not.a.token",
  };
  for (const [name, forged] of Object.entries(table)) {
    await assert.rejects(authenticator.user(forged), { code: "not_signed_in" }, name);
  }
  await assert.rejects(authenticator.user(undefined), { code: "not_signed_in" });
});

test("F7 keys that cannot be fetched are our trouble, not the caller's", async (t) => {
  const { authenticator, issuer } = await setUp(t, { status: 503 });
  await assert.rejects(authenticator.user(await token(issuer)), { code: "unavailable" });
});

test("F9 a good token of an account that ends says so, and of one that has ended opens nothing", async (t) => {
  const { authenticator, issuer, account } = await setUp(t);
  const good = await token(issuer);
  await authenticator.user(good);
  account.state = "ending";
  await assert.rejects(authenticator.user(good), { code: "account_ending" });
  assert.equal((await authenticator.user(good, { whileEnding: true })).userId, userId);
  account.state = "ended";
  await assert.rejects(authenticator.user(good), { code: "not_signed_in" });
});
