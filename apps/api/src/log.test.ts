import assert from "node:assert/strict";
import { test } from "node:test";
import { redact } from "./log.ts";

for (const { name, secret } of [
  { name: "Stripe key", secret: "sk_test_51HabcDEFghiJKL" },
  { name: "webhook secret", secret: "whsec_abcdefghijklmnop" },
  { name: "Anthropic key", secret: "sk-ant-api03-abcdefghijklmnopqrstuv" },
  { name: "bot key", secret: `molt_${"a".repeat(43)}` },
  { name: "JWT", secret: "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl" },
]) {
  test(`F112 a ${name} is not printed, wherever it stands`, () => {
    const line = redact(`{"msg":"failed","detail":{"header":"Bearer ${secret}"},"text":"${secret}"}`, []);
    assert.ok(!line.includes(secret), line);
  });
}

test("F112 a secret of the configuration is not printed, and the password of a database address neither", () => {
  assert.equal(redact("token is correct-horse!", ["correct-horse"]), "token is [secret]!");
  assert.equal(redact("postgres://app:hunter22@127.0.0.1/db", []), "postgres://app:[secret]@127.0.0.1/db");
});
