/** F8: whatever a stranger signs, changes or leaves out, it is no access token. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, suite, test } from "node:test";

import { exportSPKI, generateKeyPair, importJWK, SignJWT } from "jose";
import type { JWK } from "jose";

import { json, shareWorld, world } from "./testing/shared-world.ts";
import { password } from "./testing/world.ts";

shareWorld({ each: { autoconfirm: true, resetLimits: true }, env: { RATE_LIMIT_SCALE: "100" } });

suite("F8 forged access tokens", () => {
  interface Forger {
    claims: Record<string, unknown>;
    kid: string;
    jwk: JWK;
    now: number;
  }
  let forger: Forger;
  before(async () => {
    const { data } = await world.client().signUp({ email: world.address(), password });
    const token = data.session?.access_token ?? "";
    const [head, body] = token
      .split(".", 2)
      .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>);
    assert.ok(head && body);
    const file = JSON.parse(await readFile(join(world.dataDir, "auth-keys.json"), "utf8")) as {
      keys: { kid: string; jwk: JWK }[];
    };
    const own = file.keys.find((key) => key.kid === head["kid"]);
    assert.ok(own);
    forger = {
      claims: body,
      kid: own.kid,
      jwk: own.jwk,
      now: Math.floor(Date.now() / 1000),
    };
  });

  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  /** Signed with the service's own key: only the claims are wrong. */
  const signed = async (claims: Record<string, unknown>, header: object = {}): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid: forger.kid, typ: "JWT", ...header })
      .sign(await importJWK(forger.jwk, "ES256"));
  const hmac = (header: object, key: string | Buffer): string => {
    const text = `${part(header)}.${part(forger.claims)}`;
    return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
  };
  const spki = async (): Promise<string> => {
    const { d: _private, ...jwk } = forger.jwk;
    const key = await importJWK({ ...jwk, ext: true }, "ES256");
    assert.ok(!(key instanceof Uint8Array));
    return exportSPKI(key);
  };
  const without = (name: string): Record<string, unknown> => {
    const { [name]: _gone, ...rest } = forger.claims;
    return rest;
  };

  test("a token made the same way with honest claims is accepted, so the table below can fail", async () => {
    assert.equal((await world.client().getUser(await signed(forger.claims))).error, null);
  });

  const cases: { name: string; make: () => string | Promise<string> }[] = [
    { name: "alg none, no signature", make: () => `${part({ alg: "none" })}.${part(forger.claims)}.` },
    {
      name: "alg None in other case",
      make: () => `${part({ alg: "nOnE", kid: forger.kid })}.${part(forger.claims)}.`,
    },
    {
      name: "HS256 with the public key as its secret",
      make: async () => hmac({ alg: "HS256", kid: forger.kid }, await spki()),
    },
    {
      name: "HS256 with the public JWK as its secret",
      make: () => hmac({ alg: "HS256", kid: forger.kid }, String(forger.jwk.x)),
    },
    { name: "HS256 with an empty secret", make: () => hmac({ alg: "HS256", kid: forger.kid }, "") },
    {
      name: "another key under our key id",
      make: async () => {
        const { privateKey } = await generateKeyPair("ES256");
        return new SignJWT(forger.claims)
          .setProtectedHeader({ alg: "ES256", kid: forger.kid })
          .sign(privateKey);
      },
    },
    {
      name: "another key brought along in the header",
      make: async () => {
        const { privateKey } = await generateKeyPair("ES256", { extractable: true });
        const { d: _private, ...jwk } = forger.jwk;
        return new SignJWT(forger.claims).setProtectedHeader({ alg: "ES256", jwk }).sign(privateKey);
      },
    },
    {
      name: "a jku that leads elsewhere",
      make: () => signed(forger.claims, { kid: "x", jku: "http://127.0.0.1:1/jwks" }),
    },
    { name: "an unknown key id", make: () => signed(forger.claims, { kid: "unknown" }) },
    { name: "a key id that is a path", make: () => signed(forger.claims, { kid: "../../../dev/null" }) },
    { name: "no key id", make: () => signed(forger.claims, { kid: undefined }) },
    {
      name: "a critical header nobody knows",
      make: async () => {
        const body = `${part({ alg: "ES256", kid: forger.kid, crit: ["x"], x: 1 })}.${part(forger.claims)}`;
        return `${body}.${(await signed(forger.claims)).split(".")[2]}`;
      },
    },
    { name: "another issuer", make: () => signed({ ...forger.claims, iss: "https://evil.example/auth/v1" }) },
    { name: "no issuer", make: () => signed(without("iss")) },
    { name: "another audience", make: () => signed({ ...forger.claims, aud: "anon" }) },
    { name: "no audience", make: () => signed(without("aud")) },
    { name: "an expiry in the past", make: () => signed({ ...forger.claims, exp: forger.now - 1 }) },
    { name: "no expiry", make: () => signed(without("exp")) },
    { name: "a start in the future", make: () => signed({ ...forger.claims, nbf: forger.now + 3_600 }) },
    { name: "no session", make: () => signed(without("session_id")) },
    { name: "a user that is not an id", make: () => signed({ ...forger.claims, sub: "1' or '1'='1" }) },
    {
      name: "a changed claim under the old signature",
      make: async () => {
        const [head, , signature] = (await signed(forger.claims)).split(".");
        return `${head}.${part({ ...forger.claims, role: "service_role" })}.${signature}`;
      },
    },
    { name: "no signature", make: async () => (await signed(forger.claims)).replace(/\.[^.]+$/, ".") },
    { name: "five parts", make: async () => `${await signed(forger.claims)}.a.b` },
  ];
  for (const { name, make } of cases) {
    test(`F8 ${name} is refused`, async () => {
      const answer = await world.raw("/auth/v1/user", {
        headers: { ...json, "x-supabase-api-version": "2024-01-01", authorization: `Bearer ${await make()}` },
      });
      assert.deepEqual([answer.status, answer.headers.get("x-sb-error-code")], [403, "bad_jwt"]);
    });
  }

  test("F8 an honest token of a session that never was is refused as such", async () => {
    const token = await signed({ ...forger.claims, session_id: "00000000-0000-4000-8000-000000000000" });
    assert.equal((await world.client().getUser(token)).error?.name, "AuthSessionMissingError");
  });
});
