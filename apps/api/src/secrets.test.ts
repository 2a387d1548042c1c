import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { open, seal } from "./secrets.ts";

const key = randomBytes(32).toString("base64");
const where = "bots:1:gateway_token";

test("what was sealed opens again, whatever it was", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 200 }).filter((s) => s.isWellFormed()),
      (plain) => open(key, seal(key, plain, where), where) === plain,
    ),
  );
});

test("the same secret sealed twice looks different", () => {
  assert.notEqual(seal(key, "x", where), seal(key, "x", where));
});

test("F110 a wrong key, another row or a flipped bit is an error, never garbage", () => {
  const sealed = seal(key, "the token", where);
  assert.throws(() => open(randomBytes(32).toString("base64"), sealed, where), { code: "internal" });
  assert.throws(() => open(key, sealed, "bots:2:gateway_token"), { code: "internal" });
  const parts = sealed.split(".");
  const last = Buffer.from(parts[4] ?? "", "base64url");
  last[0] = (last[0] ?? 0) ^ 1;
  assert.throws(() => open(key, [...parts.slice(0, 4), last.toString("base64url")].join("."), where), {
    code: "internal",
  });
});
