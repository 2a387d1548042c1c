import assert from "node:assert/strict";
import { test } from "node:test";
import { checkForm, tidyCode, tidyEmail } from "./check-form.ts";

test("a form in order has nothing to say", () => {
  assert.deepEqual(checkForm({ email: " Ada@Example.org ", password: "correct horse", isNew: true }), {});
  assert.equal(tidyEmail(" Ada@Example.org "), "ada@example.org");
});

test("a new password is measured, an old one is not", () => {
  assert.match(checkForm({ email: "a@b.co", password: "short", isNew: true }).password ?? "", /8/);
  assert.equal(checkForm({ email: "a@b.co", password: "short", isNew: false }).password, undefined);
});

test("a password is measured in bytes where bytes are the limit", () => {
  assert.match(checkForm({ email: "a@b.co", password: "🦞".repeat(19), isNew: true }).password ?? "", /72/);
});

test("what is missing is named", () => {
  assert.deepEqual(Object.keys(checkForm({ email: "", password: "", isNew: true })), ["email", "password"]);
  assert.match(checkForm({ email: "ada@", password: "x", isNew: false }).email ?? "", /look like/);
});

test("a code pasted with spaces is the same code", () => {
  assert.equal(tidyCode(" 123 456\n"), "123456");
});
