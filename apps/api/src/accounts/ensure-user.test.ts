import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { testDeps } from "../testing/deps.ts";
import { ensureUser } from "./ensure-user.ts";

/** A user of the auth service whom the product has not met. */
async function signUp({ db }: Deps, email: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into auth.users (email, email_confirmed_at) values (${email}, now()) returning id`.execute(db);
  assert.ok(rows[0]);
  return rows[0].id;
}
const mails = async ({ db }: Deps) =>
  (await sql<{ recipient: string; template: string }>`select recipient, template from app.mails`.execute(db))
    .rows;
const addresses = async ({ db }: Deps) =>
  (await db.selectFrom("app.users").select("email").execute()).map(({ email }) => email);

test("somebody new is welcomed by one mail, through however many doors they come at once", async (t) => {
  const deps = await testDeps(t);
  const userId = await signUp(deps, "ada@example.com");
  await Promise.all(Array.from({ length: 10 }, () => ensureUser(deps, { userId, email: "ada@example.com" })));
  await ensureUser(deps, { userId, email: "ada@example.com" });
  assert.deepEqual(await mails(deps), [{ recipient: "ada@example.com", template: "welcome" }]);
});

test("a changed address is followed without a second welcome", async (t) => {
  const deps = await testDeps(t);
  const userId = await signUp(deps, "ada@example.com");
  await ensureUser(deps, { userId, email: "ada@example.com" });
  await ensureUser(deps, { userId, email: "ada@example.org" });
  assert.deepEqual(await addresses(deps), ["ada@example.org"]);
  assert.equal((await mails(deps)).length, 1);
});

test("a token of a deleted account opens nothing and sends nothing", async (t) => {
  const deps = await testDeps(t);
  const user = { userId: crypto.randomUUID(), email: "gone@example.com" };
  await assert.rejects(ensureUser(deps, user), { code: "not_signed_in" });
  assert.deepEqual([await addresses(deps), await mails(deps)], [[], []]);
});

test("a user without an address is let in and written to by nobody", async (t) => {
  const deps = await testDeps(t);
  const userId = await signUp(deps, "hidden@example.com");
  await ensureUser(deps, { userId, email: "" });
  assert.deepEqual([await addresses(deps), await mails(deps)], [["unknown@invalid"], []]);
});
