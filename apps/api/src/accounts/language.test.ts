import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { testDeps } from "../testing/deps.ts";
import { languageOfHeader, languageOfTag } from "./choose-language.ts";
import { ensureUser } from "./ensure-user.ts";
import { setLanguage } from "./set-language.ts";

test("a header's wishes are heard in the reader's order, and only where we speak the language", () => {
  for (const [header, wanted] of [
    ["de", "de"],
    ["de-CH,de;q=0.9,en;q=0.8", "de"],
    ["fr-FR, en;q=0.8, de;q=0.9", "de"],
    ["en-US,en;q=0.9,de;q=0.8", "en"],
    ["de;q=0, en", "en"],
    ["fr, it", undefined],
    ["*", undefined],
    ["", undefined],
    [undefined, undefined],
    [",;;q=x,,", undefined],
    ["deutsch", undefined],
    [`${"x,".repeat(10_000)}de`, undefined],
  ] as const)
    assert.equal(languageOfHeader(header), wanted, String(header).slice(0, 40));
  assert.deepEqual(
    ["DE_at", " en ", "dea", 7, null, {}].map((tag) => languageOfTag(tag)),
    ["de", "en", undefined, undefined, undefined, undefined],
  );
});

async function signUp({ db }: Deps, email: string, metadata: object): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into auth.users (email, email_confirmed_at, raw_user_meta_data)
    values (${email}, now(), ${JSON.stringify(metadata)}) returning id`.execute(db);
  assert.ok(rows[0]);
  return rows[0].id;
}
const languages = async ({ db }: Deps) =>
  (
    await sql<{ of: string; language: string }>`
      select email as of, language from app.users union all select template, language from app.mails order by 1`.execute(
      db,
    )
  ).rows.map(({ of, language }) => `${of} ${language}`);

test("somebody new speaks what the sign-up said, else what the browser says, else English", async (t) => {
  const deps = await testDeps(t);
  const request = { headers: { "accept-language": "de-DE,de;q=0.9" } };
  for (const [email, metadata] of [
    ["1@example.com", { language: "en-GB" }],
    ["2@example.com", {}],
    ["3@example.com", { language: "english" }],
  ] as const) {
    const userId = await signUp(deps, email, metadata);
    await ensureUser(deps, { userId, email, request });
  }
  const userId = await signUp(deps, "4@example.com", {});
  await ensureUser(deps, { userId, email: "4@example.com" });
  assert.deepEqual(
    (await languages(deps)).filter((line) => line.includes("@")),
    ["1@example.com en", "2@example.com de", "3@example.com de", "4@example.com en"],
  );
});

test("a chosen language is the one of every mail from then on, whoever queues it", async (t) => {
  const deps = await testDeps(t);
  const email = "ann@example.com";
  const userId = await signUp(deps, email, {});
  await ensureUser(deps, { userId, email });
  assert.deepEqual(await setLanguage(deps, userId, "de"), { language: "de" });
  const mail = { recipient: email, template: "bot-ready", data: {} } as const;
  await queueMail(deps.db, { ...mail, key: "a" });
  await queueMail(deps.db, { ...mail, key: "b", language: "en" });
  await queueMail(deps.db, { ...mail, key: "c", recipient: "stranger@example.com" });
  assert.deepEqual((await languages(deps)).slice(1), [
    "bot-ready de",
    "bot-ready en",
    "bot-ready en",
    "welcome en",
  ]);
  await assert.rejects(setLanguage(deps, crypto.randomUUID(), "de"), { code: "not_signed_in" });
});
