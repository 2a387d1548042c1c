/** The small parts alone: tokens, digits, passwords, allowances. */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { test } from "node:test";

import fc from "fast-check";

import { createClock } from "./clock.ts";
import { readConfig } from "./config.ts";
import { createLimits } from "./limits.ts";
import { sixDigits } from "./one-time-codes.ts";
import { createPasswords } from "./passwords.ts";
import { readRefreshToken, writeRefreshToken } from "./refresh-token.ts";

test("a refresh token says what it was written with, and under another secret nothing", () => {
  const secret = randomBytes(32);
  fc.assert(
    fc.property(fc.uuid(), fc.nat(2 ** 31 - 1), (sessionId, counter) => {
      const token = writeRefreshToken(secret, { sessionId, counter });
      assert.deepEqual(readRefreshToken(secret, token), { sessionId, counter });
      assert.equal(readRefreshToken(randomBytes(32), token), undefined);
    }),
  );
});

test("no other text than the token itself is read as it", () => {
  const secret = randomBytes(32);
  const token = writeRefreshToken(secret, { sessionId: randomUUID(), counter: 3 });
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom(..."ABab01-_=+/ "), (at, sign) => {
      const changed = token.slice(0, at) + sign + token.slice(at + 1);
      if (changed !== token) assert.equal(readRefreshToken(secret, changed), undefined);
    }),
  );
});

test("codes are six digits, the same for the same mail, and spread evenly", () => {
  const secret = randomBytes(32);
  const firsts = new Map<string, number>();
  for (let round = 0; round < 20_000; round += 1) {
    const id = randomUUID();
    const code = sixDigits(secret, id);
    assert.match(code, /^\d{6}$/);
    assert.equal(sixDigits(secret, id), code);
    firsts.set(code.charAt(0), (firsts.get(code.charAt(0)) ?? 0) + 1);
  }
  assert.equal(firsts.size, 10);
  // 2,000 each; five standard deviations are about 212.
  for (const count of firsts.values()) assert.ok(Math.abs(count - 2_000) < 212, String(count));
});

test("a password matches its own hash only, in any spelling of the same letters", async () => {
  const passwords = await createPasswords(4);
  const stored = await passwords.hash("p\u00E4ssword");
  assert.ok(await passwords.matches("pa\u0308ssword", stored));
  assert.ok(!(await passwords.matches("password", stored)));
  assert.ok(!(await passwords.matches("anything", null)));
  assert.notEqual(await passwords.hash("p\u00E4ssword"), stored, "salted");
});

test("a hash that was made at another cost still matches", async () => {
  const stored = await (await createPasswords(4)).hash("a good password");
  assert.ok(await (await createPasswords(6)).matches("a good password", stored));
});

test("allowances stay bounded when many callers come by", () => {
  const limits = createLimits(createClock(), 1);
  for (let caller = 0; caller < 50_000; caller += 1) limits.take("recover", `caller ${caller}`);
  for (let call = 0; call < 30; call += 1) limits.take("signup", "one");
  assert.throws(() => limits.take("signup", "one"), { status: 429, code: "over_request_rate_limit" });
});

test("the clock standing still or jumping back gives nothing away", () => {
  const clock = createClock();
  const limits = createLimits(clock, 1);
  for (let call = 0; call < 30; call += 1) limits.take("signup", "one");
  clock.advance(-3_600_000);
  assert.throws(() => limits.take("signup", "one"), { status: 429 });
});

for (const { name, env, message } of [
  { name: "no database", env: {}, message: /^DATABASE_URL is not set/ },
  { name: "no folder", env: { DATABASE_URL: "x" }, message: /^DATA_DIR is not set/ },
  { name: "a switch that is neither", env: { AUTOCONFIRM: "maybe" }, message: /^AUTOCONFIRM must be/ },
  { name: "a lifetime of zero", env: { JWT_EXP: "0" }, message: /^JWT_EXP must be a whole number/ },
  { name: "a port that is none", env: { PORT: "70000" }, message: /^PORT must be/ },
  { name: "half an address", env: { REDIRECT_URLS: "/chat" }, message: /^REDIRECT_URLS: "\/chat"/ },
]) {
  test(`${name} stops the start with the name of the variable`, () => {
    const base = name.startsWith("no ") ? {} : { DATABASE_URL: "x", DATA_DIR: "y" };
    assert.throws(() => readConfig({ ...base, ...env }), { message });
  });
}
