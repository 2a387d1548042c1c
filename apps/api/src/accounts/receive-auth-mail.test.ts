/** What the sign-in service delivers becomes the right mail once; what it did not sign becomes none. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { sql } from "kysely";
import { makeUser } from "../testing/deps.ts";
import { isSigned } from "./supabase.ts";
import { delivery, door, hash, rowsOf, secret, signed, written } from "./testing/auth-hook.ts";

test("the signature is the one of the Standard Webhooks, as their own example has it", () => {
  const body = Buffer.from('{"test": 2432232314}');
  const example = {
    body,
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: "1614265330",
    signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  };
  const secrets = ["v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
  const now = new Date(1_614_265_330_000);
  assert.equal(isSigned(secrets, example, now), true);
  assert.equal(isSigned([secret, ...secrets], example, now), true, "while a secret is being exchanged");
  const several = `v1,${"A".repeat(43)}= ${example.signature}`;
  assert.equal(isSigned(secrets, { ...example, signature: several }, now), true);
  assert.equal(isSigned(secrets, { ...example, signature: several.replace(" ", ", ") }, now), true);
  const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
  assert.equal(isSigned(secrets, example, minutes(4)), true);
  for (const [why, changed, at] of [
    ["too old", example, minutes(6)],
    ["of the future", example, minutes(-6)],
    ["another body", { ...example, body: Buffer.from('{"test": 2432232315}') }, now],
    ["another id", { ...example, id: "msg_x" }, now],
    ["another time", { ...example, timestamp: "1614265331" }, now],
    ["no time", { ...example, timestamp: "1614265330e0" }, now],
    ["no id", { ...example, id: undefined }, now],
    ["no signature", { ...example, signature: undefined }, now],
    ["another version", { ...example, signature: example.signature.replace("v1", "v2") }, now],
    ["a short one", { ...example, signature: "v1,AAAA" }, now],
  ] as const)
    assert.equal(isSigned(secrets, changed, at), false, why);
  assert.equal(isSigned([], example, now), false);
});

test("a delivery becomes one mail with its code and link, however often it comes", async (t) => {
  const { deps, deliver } = await door(t);
  const id = randomUUID();
  for (const how of [{ id }, { id }, {}]) {
    const answer = await deliver(delivery(), how);
    assert.deepEqual([answer.statusCode, answer.json()], [200, {}]);
  }
  const [row, ...more] = await rowsOf(deps);
  assert.deepEqual(
    [row?.recipient, row?.template, row?.urgent, more],
    ["ann@example.com", "sign-in", true, []],
  );
  const [mail] = await written(deps);
  assert.equal(mail?.subject, "305805 is your Molt-OS code");
  assert.match(mail?.text ?? "", /^ {4}305805$/m, "alone on a line");
  const link = `${deps.config.urls.app}/enter#signup.${hash}`;
  assert.ok(mail?.text.includes(link), mail?.text);
});

for (const [type, words, hasLink] of [
  ["magiclink", /sign-in code/, true],
  ["recovery", /reset code/, true],
  ["invite", /opens your Molt-OS account/, true],
  ["reauthentication", /security code/, false],
] as const) {
  test(`a ${type} mail says what its code is for`, async (t) => {
    const { deps, deliver } = await door(t);
    assert.equal((await deliver(delivery({ email_action_type: type }))).statusCode, 200);
    const [mail] = await written(deps);
    assert.match(mail?.subject ?? "", words);
    assert.equal(mail?.text.includes(`#${type}.`), hasLink);
  });
}

test("a change of address asks both, each with the code and link of its own", async (t) => {
  const { deps, deliver } = await door(t);
  const change = {
    email_action_type: "email_change",
    token_new: "222222",
    token_hash_new: "hash-of-present",
  };
  await deliver(
    delivery({ ...change, token: "111111", token_hash: "hash-of-new" }, { new_email: "new@example.com" }),
  );
  const [present, next] = await written(deps);
  assert.match(present?.text ?? "", /111111[\s\S]*#email_change\.hash-of-present/);
  assert.match(next?.text ?? "", /222222[\s\S]*#email_change\.hash-of-new/);
  assert.deepEqual(
    (await rowsOf(deps)).map(({ recipient }) => recipient),
    ["ann@example.com", "new@example.com"],
  );
});

test("a change of address that one side has confirmed asks the other one again", async (t) => {
  const { deps, deliver } = await door(t);
  const user = { new_email: "new@example.com" };
  const type = { email_action_type: "email_change" };
  await deliver(delivery({ ...type, token: "", token_new: "222222", token_hash: "hash-of-new" }, user));
  await deliver(
    delivery({ ...type, token: "111111", token_hash: "", token_hash_new: "hash-of-present" }, user),
  );
  const [present, next] = await written(deps);
  assert.match(present?.text ?? "", /111111[\s\S]*#email_change\.hash-of-present/);
  assert.match(next?.text ?? "", /222222[\s\S]*#email_change\.hash-of-new/);
});

test("a change of address without double confirmation asks the new one alone", async (t) => {
  const { deps, deliver } = await door(t);
  await deliver(delivery({ email_action_type: "email_change" }, { new_email: "new@example.com" }));
  assert.deepEqual(
    (await rowsOf(deps)).map(({ recipient }) => recipient),
    ["new@example.com"],
  );
});

test("the mail is in the language of the account, else of the sign-up, else English", async (t) => {
  const { deps, deliver } = await door(t);
  const known = await makeUser(deps, "known@example.com");
  await deps.db.updateTable("app.users").set({ language: "de" }).where("id", "=", known).execute();
  await deliver(delivery({}, { id: known, email: "1@example.com", user_metadata: { language: "en" } }));
  await deliver(delivery({}, { email: "2@example.com", user_metadata: { language: "de-AT" } }));
  await deliver(delivery({}, { email: "3@example.com", user_metadata: { language: "fr" } }));
  assert.deepEqual(
    (await rowsOf(deps)).map(({ language }) => language),
    ["de", "de", "en"],
  );
});

test("a forgery, nonsense and an unknown kind of mail are refused in the hook's own shape", async (t) => {
  const { deps, deliver, post } = await door(t);
  const other = `v1,whsec_${Buffer.alloc(32, 6).toString("base64")}`;
  const cases = [
    [await deliver(delivery(), { key: other }), 401],
    [await deliver(delivery(), { at: Date.now() / 1000 - 600 }), 401],
    [await post(JSON.stringify(delivery()), {}), 401],
    [await deliver({ user: {} }), 400],
    [await deliver(delivery({ email_action_type: "password_changed_notification" })), 400],
    [await deliver(delivery({ token: "" })), 400],
    [await deliver(delivery({}, { email: "" })), 400],
  ] as const;
  for (const [answer, status] of cases) {
    assert.equal(answer.statusCode, status);
    assert.equal(answer.json().error.http_code, status);
    assert.equal(typeof answer.json().error.message, "string");
  }
  const broken = "{";
  assert.equal((await post(broken, signed(broken))).statusCode, 400);
  assert.deepEqual(await rowsOf(deps), []);
});

test("a database that does not answer in time asks the sign-in service to come again", async (t) => {
  const { deps, deliver } = await door(t);
  await deps.db.transaction().execute(async (trx) => {
    await sql`lock table app.mails in access exclusive mode`.execute(trx);
    const answer = await deliver(delivery());
    assert.deepEqual([answer.statusCode, answer.headers["retry-after"]], [503, "true"]);
    assert.equal(answer.json().error.http_code, 503);
  });
});

test("without a secret there is no such address", async (t) => {
  const { post } = await door(t, { env: { MOLT_AUTH_HOOK_SECRET: "" } });
  assert.equal((await post("{}", {})).statusCode, 404);
});
