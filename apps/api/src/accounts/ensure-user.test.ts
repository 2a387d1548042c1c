import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { testDeps } from "../testing/deps.ts";
import { unsubscribe } from "../mail/choose-mails.ts";
import { linkToken } from "../mail/link-token.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { MailRefused } from "../mail/smtp.ts";
import { digestTo, sendBy } from "../mail/testing/post.ts";
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

test("who wants no more weekly mail gets none at the next address either, whichever link they use", async (t) => {
  const deps = await testDeps(t);
  const userId = await signUp(deps, "ada@example.com");
  const sent: string[] = [];
  const sendDigest = async (email: string, week: number) => {
    await ensureUser(deps, { userId, email });
    await digestTo(deps, email, `digest/${week}/${email}`);
    await sendBy(deps, async ({ to, stopUrl }) => void (stopUrl && sent.push(to)));
  };
  await sendDigest("ada@example.com", 1);
  await sendDigest("ada@example.org", 2);
  assert.deepEqual(sent, ["ada@example.com", "ada@example.org"]);
  // The link of the mail at the old address: it is the same person's.
  const token = linkToken(deps.config.masterKey, "stop:weekly-digest:ada@example.com");
  await unsubscribe(deps, token);
  for (const [week, email] of ["ada@example.org", "ada@example.net", "ada@example.com"].entries())
    await sendDigest(email, 3 + week);
  assert.equal(sent.length, 2);
  const other = await signUp(deps, "bob@example.com");
  await ensureUser(deps, { userId: other, email: "bob@example.com" });
  await digestTo(deps, "bob@example.com", "digest/of-bob");
  await sendBy(deps, async ({ to, stopUrl }) => void (stopUrl && sent.push(to)));
  assert.equal(sent.at(-1), "bob@example.com", "a choice is one's own");
});

test("what waits for somebody, or could be brought back, follows them to a changed address", async (t) => {
  const deps = await testDeps(t);
  const userId = await signUp(deps, "ada@example.com");
  await ensureUser(deps, { userId, email: "ada@example.com" });
  await sendBy(deps, () => Promise.reject(new MailRefused("no")));
  const to = (recipient: string, key: string) =>
    queueMail(deps.db, { key, recipient, template: "bot-ready", data: {} });
  await to("ada@example.com", "bot-ready/1");
  await to("bob@example.com", "bot-ready/2");
  await queueMail(deps.db, {
    key: "sign-in/1",
    recipient: "ada@example.com",
    template: "sign-in",
    data: { purpose: "magiclink", code: "305805", link: null, minutes: 10 },
    expiresAt: new Date(deps.clock.now().getTime() + 600_000),
    sealWith: deps.config.masterKey,
  });
  await ensureUser(deps, { userId, email: "ada@example.org" });
  assert.deepEqual(
    (await mails(deps)).map(({ recipient, template }) => `${template} ${recipient}`).toSorted(),
    [
      "bot-ready ada@example.org",
      "bot-ready bob@example.com",
      // It was asked for at the old address, and opens for nobody else.
      "sign-in ada@example.com",
      "welcome ada@example.org",
    ],
  );
  const sent: string[] = [];
  await sendBy(deps, async ({ to: address }) => void sent.push(address));
  assert.deepEqual(sent.toSorted(), ["ada@example.com", "ada@example.org", "bob@example.com"]);
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
