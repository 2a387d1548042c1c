/** `molt mail …` as an operator runs it: a process, its output and its exit code. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { sendMails } from "../../apps/api/src/mail/send-mails.job.ts";
import type { Deps } from "../../apps/api/src/deps.ts";
import { freshDatabase } from "../../apps/api/src/testing/database.ts";
import { testDeps } from "../../apps/api/src/testing/deps.ts";
import { run } from "../lib/run.ts";
import { root } from "../lib/web-build.ts";

const molt = (args: string[], url: string) =>
  run([process.execPath, "--no-warnings", join(root, "scripts/molt.ts"), "mail", ...args], {
    env: { DATABASE_URL: url },
  });

const id = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;

/** Died at noon of the day 20 + n. */
const dead = (
  n: number,
  mail: { recipient: string; template: string; note: string | null; data?: string | null },
) => ({
  id: id(n),
  key: `occasion/${n}`,
  state: "dead" as const,
  attempts: 40,
  died_at: new Date(`2026-11-2${n}T12:00Z`),
  data: "{}",
  ...mail,
});

/** Three dead mails, of which two can be brought back, and a sent one. */
async function withDead(t: TestContext) {
  const deps = await testDeps(t);
  await deps.db
    .insertInto("app.mails")
    .values([
      dead(1, { recipient: "ann@example.com", template: "welcome", note: "550-no\r\n550 such\u001b[2J" }),
      dead(2, { recipient: "bob@example.com", template: "bot-ready", note: "refused" }),
      dead(3, { recipient: "cem@example.com", template: "sign-in", note: "its time was over", data: null }),
      {
        ...dead(4, { recipient: "dan@example.com", template: "welcome", note: null, data: null }),
        state: "sent",
      },
    ])
    .execute();
  return { deps, url: deps.config.database.url };
}
const states = async ({ db }: Deps) =>
  (await db.selectFrom("app.mails").select("state").orderBy("id").execute()).map(({ state }) => state);

test("an operator reads which mails are dead, since when and why, one a line", async (t) => {
  const { url } = await withDead(t);
  const said = await molt(["dead"], url);
  assert.ok(said.ok, said.output);
  assert.deepEqual(said.output.trim().split("\n"), [
    "3 mails are dead.",
    `${id(2)}  bot-ready            2026-11-22 12:00  bob@example.com  refused`,
    `${id(1)}  welcome              2026-11-21 12:00  ann@example.com  550-no 550 such [2J`,
    `${id(3)}  sign-in              2026-11-23 12:00  cem@example.com  its time was over  (cannot be brought back)`,
  ]);
  const { count, mails } = JSON.parse((await molt(["dead", "--json"], url)).output) as {
    count: number;
    mails: object[];
  };
  assert.deepEqual([count, mails.length], [3, 3]);
  assert.deepEqual(mails[0], {
    id: id(2),
    template: "bot-ready",
    recipient: "bob@example.com",
    diedAt: "2026-11-22T12:00:00.000Z",
    note: "refused",
    whole: true,
  });
});

test("an operator brings one mail back, then all that can be, and they are sent", async (t) => {
  const { deps, url } = await withDead(t);
  const one = await molt(["retry", id(1).toUpperCase()], url);
  assert.ok(one.ok, one.output);
  assert.deepEqual(await states(deps), ["pending", "dead", "dead", "sent"]);
  const all = await molt(["retry", "all", "--json"], url);
  assert.deepEqual(JSON.parse(all.output), { retried: [id(2)] });
  assert.match((await molt(["retry", "all"], url)).output, /^0 mails go out again\./);
  const sent: string[] = [];
  const mailer = { send: async ({ to }: { to: string }) => void sent.push(to), close: () => undefined };
  await sendMails({ ...deps, mailer }, AbortSignal.timeout(20_000));
  assert.deepEqual(sent.toSorted(), ["ann@example.com", "bob@example.com"]);
  assert.deepEqual(await states(deps), ["sent", "sent", "dead", "sent"]);
  assert.match((await molt(["dead"], url)).output, /^1 mails are dead\./);
});

for (const { name, args, says } of [
  { name: "no id", args: ["retry"], says: /Name the id of a dead mail, or all, and nothing else/ },
  { name: "a word that is no id", args: ["retry", "ann"], says: /"ann" is not the id of a mail/ },
  { name: "a mail that is not there", args: ["retry", id(9)], says: /There is no dead mail 0/ },
  { name: "a word too much", args: ["dead", "now"], says: /"now" is too much/ },
]) {
  test(`${name} ends with one clear sentence and exit code 1`, async (t) => {
    const { url } = await freshDatabase(t);
    const said = await molt(args, url);
    assert.equal(said.ok, false);
    assert.match(said.output, says);
    assert.doesNotMatch(said.output, /\n\s+at /);
  });
}

test("without dead mails an operator is told so", async (t) => {
  const { url } = await freshDatabase(t);
  assert.match((await molt(["dead"], url)).output, /^No mail is dead\./);
});
