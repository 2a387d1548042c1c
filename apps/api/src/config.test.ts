import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentSecrets, isSet, readConfig, secretsOf } from "./config.ts";
import { testEnvironment } from "./testing/deps.ts";

test("a complete environment is read", () => {
  const config = readConfig(testEnvironment());
  assert.equal(config.auth.issuer, "http://127.0.0.1:1/auth/v1");
  assert.deepEqual(config.http.allowedOrigins, ["http://127.0.0.1:2", "http://127.0.0.1:3"]);
});

test("a half-set service stops the start with the name that is missing", () => {
  assert.throws(() => isSet({ STRIPE_SECRET_KEY: "sk_live_x" }, "billing"), {
    name: "ConfigError",
    message: /STRIPE_SECRET_KEY is set, but STRIPE_WEBHOOK_SECRET is not/,
  });
  assert.equal(isSet({}, "billing"), false);
});

test("in production a forgotten variable stops the start, and all of them are named at once", () => {
  const { API_URL: _a, MOLT_MASTER_KEY: _b, ...rest } = testEnvironment();
  assert.throws(() => readConfig(rest), { name: "ConfigError", message: /API_URL.*MOLT_MASTER_KEY/ });
});

test("a master key that is not 32 bytes is refused", () => {
  assert.throws(() => readConfig(testEnvironment({ MOLT_MASTER_KEY: "c2hvcnQ=" })), {
    message: /MOLT_MASTER_KEY: must be 32 bytes/,
  });
});

test("a clock offset is refused in production", () => {
  assert.throws(() => readConfig(testEnvironment({ NODE_ENV: "production", MOLT_CLOCK_OFFSET_MS: "1000" })), {
    message: /MOLT_CLOCK_OFFSET_MS/,
  });
});

test("everything that opens something is known to the log's redaction", () => {
  const secrets = secretsOf(readConfig(testEnvironment({ DATABASE_URL: "postgres://a:pw-of-database@h/d" })));
  for (const secret of [
    "pw-of-database",
    "sk_test_local",
    "whsec_test_local",
    "fly-test-token",
    "sb_secret_test",
  ])
    assert.ok(secrets.includes(secret), secret);
});

test("the secrets of the mail hook are read as Supabase writes them, two while one is exchanged", () => {
  const one = `v1,whsec_${Buffer.alloc(32, 1).toString("base64")}`;
  const two = `v1,whsec_${Buffer.alloc(24, 2).toString("base64")}`;
  const read = (MOLT_AUTH_HOOK_SECRET: string) => readConfig(testEnvironment({ MOLT_AUTH_HOOK_SECRET }));
  assert.deepEqual(read("").auth.hookSecrets, []);
  assert.deepEqual(read(`${one}|${two}`).auth.hookSecrets, [one, two]);
  assert.ok(secretsOf(read(one)).includes(one));
  for (const wrong of ["whsec_abc", "v1,whsec_", `${one},${two}`])
    assert.throws(() => read(wrong), /MOLT_AUTH_HOOK_SECRET: must be v1,whsec_/, wrong);
});

test("every one of several provider keys is known to the log's redaction", () => {
  const env = { ANTHROPIC_API_KEY: "first-key-0001, second-key-0002", PATH: "/bin" };
  assert.deepEqual(environmentSecrets(env), ["first-key-0001", "second-key-0002"]);
});
