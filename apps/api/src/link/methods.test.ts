import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { AppError } from "../errors.ts";
import { assertAllowed, isAllowed, readMethods } from "./methods.ts";

/** All 462 names of the `features.methods` that a running gateway announced. */
const everyMethod: string[] = JSON.parse(
  readFileSync(new URL("fixtures/methods.json", import.meta.url), "utf8"),
);

const refused = (method: string, params: unknown = {}) =>
  assert.throws(
    () => assertAllowed(method, params),
    (error) => error instanceof AppError && error.code === "not_yours",
    method,
  );

test("F87 of all methods of a gateway only those on our list leave this process", () => {
  const open = everyMethod.filter(isAllowed);
  for (const method of everyMethod.filter((one) => !isAllowed(one))) refused(method);
  assert.deepEqual([everyMethod.length, open.length], [462, 45]);
});

test("F87 what could run commands, read secrets or change the bot is not on the list", () => {
  const never =
    /^(tools\.invoke|terminal\.|secrets\.|config\.(set|apply|schema)|update\.|plugins\.|skills\.(install|upload)|node\.|browser\.|computer\.|environments\.|exec\.approvals\.|gateway\.restart|wizard\.|openclaw\.|agent$|send$|message\.|users\.|diagnostics\.|device\.)/;
  const found = everyMethod.filter((method) => never.test(method));
  assert.ok(found.length > 40, `only ${found.length} such methods are known`);
  for (const method of found) assert.ok(!isAllowed(method), method);
});

test("each method on the list is one the gateway has", () => {
  for (const method of readMethods) assert.ok(everyMethod.includes(method), method);
});

for (const name of ["__proto__", "constructor", "toString", "", "chat.send ", "CHAT.SEND"])
  test(`the name ${JSON.stringify(name)} is no method`, () => refused(name));

test("a session may be renamed, but not given leave to run everything", () => {
  const key = "agent:main:main-chat";
  assertAllowed("sessions.patch", { key, label: "Plans", pinned: true, permissionMode: "guarded" });
  refused("sessions.patch", { key, permissionMode: "full" });
  refused("sessions.patch", { key, archived: true });
  refused("sessions.patch", { key, execSecurity: "off" });
});

test("a persona file is replaced only by whoever has seen what it replaces", () => {
  const file = { agentId: "main", name: "SOUL.md", content: "I am kind." };
  assertAllowed("agents.files.set", { ...file, expectedHash: "a".repeat(64) });
  refused("agents.files.set", file);
  refused("agents.files.set", { ...file, agentId: "other", expectedHash: "a".repeat(64) });
});

test("the configuration can be patched to switch a skill and for nothing else", () => {
  const patch = (raw: unknown) => ({ baseHash: "h", raw: JSON.stringify(raw) });
  assertAllowed("config.patch", patch({ skills: { entries: { weather: { enabled: true } } } }));
  refused("config.patch", patch({ skills: { entries: { weather: { enabled: true, env: { KEY: "x" } } } } }));
  refused("config.patch", patch({ gateway: { bind: "lan" } }));
  refused("config.patch", patch({ skills: { entries: {} }, tools: { deny: [] } }));
  refused("config.patch", { baseHash: "h", raw: "{ skills: " });
});
