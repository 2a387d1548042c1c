/** The operator's command as an operator runs it: a process, its output and its exit code. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import pg from "pg";
import { freshDatabase } from "../apps/api/src/testing/database.ts";
import { run } from "./lib/run.ts";
import { findDatabase } from "./lib/operator-database.ts";
import { root } from "./lib/web-build.ts";

async function molt(args: string[], env: Record<string, string>) {
  return run([process.execPath, "--no-warnings", join(root, "scripts/molt.ts"), ...args], { env });
}

async function query(url: string, text: string, values: unknown[] = []): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, string>>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** A database with people on the list, in this order; all but the last one are confirmed. */
async function withPeople(t: TestContext, count: number): Promise<string> {
  const { url } = await freshDatabase(t);
  await query(
    url,
    `insert into app.waitlist (email, canonical, referral_code, token_hash, created_at, confirmed_at)
    select 'p' || i || '@example.com', 'p' || i || '@example.com', 'code' || i, sha256(convert_to(i::text, 'UTF8')),
      now(), case when i < $1 then now() + i * interval '1 second' end
    from generate_series(1, $1::int) i`,
    [count],
  );
  return url;
}

test("an operator invites the first of the list, and each of them gets one mail", async (t) => {
  const url = await withPeople(t, 6);
  const first = await molt(["waitlist", "invite", "--n", "2", "--json"], { DATABASE_URL: url });
  const { invited, addresses } = JSON.parse(first.output);
  assert.deepEqual([invited, addresses.toSorted()], [2, ["p1@example.com", "p2@example.com"]]);
  const rest = await molt(["waitlist", "invite", "--n", "50"], { DATABASE_URL: url });
  assert.ok(rest.ok, rest.output);
  assert.match(rest.output, /^Invited 3 of 50\. Nobody else is waiting\.\np3@example\.com\n/);
  const rows = await query(
    url,
    "select recipient from app.mails where template = 'waitlist-invitation' order by 1",
  );
  assert.deepEqual(
    rows.map(({ recipient }) => recipient),
    [1, 2, 3, 4, 5].map((n) => `p${n}@example.com`),
  );
});

test("an operator exports the list as CSV and deletes an address from it", async (t) => {
  const url = await withPeople(t, 3);
  const env = { DATABASE_URL: url };
  const before = await molt(["waitlist", "export"], env);
  assert.equal(before.output.trim().split("\r\n").length, 4, before.output);
  assert.match(before.output, /^email,language,source,/);
  const deleted = await molt(["waitlist", "delete", "P2@example.com", "--json"], env);
  assert.deepEqual(JSON.parse(deleted.output), { deleted: true });
  const again = await molt(["waitlist", "delete", "p2@example.com"], env);
  assert.match(again.output, /p2@example\.com is not on the list/);
  assert.doesNotMatch((await molt(["waitlist", "export"], env)).output, /p2@/);
});

/** A database with one bot of ann@example.com. */
async function withBot(t: TestContext): Promise<{ url: string; botId: string }> {
  const { url } = await freshDatabase(t);
  const [bot] = await query(
    url,
    `with person as (insert into auth.users (email) values ('ann@example.com') returning id, email),
      owner as (insert into app.users (id, email) select id, email from person returning id)
    insert into app.bots (user_id, model_key_hash) select id, sha256('key') from owner returning id`,
  );
  return { url, botId: bot?.["id"] ?? "" };
}

test("an operator stops a bot's spending with a reason, once, and lets it go on", async (t) => {
  const { url, botId } = await withBot(t);
  const env = { DATABASE_URL: url };
  const first = await molt(["bot", "hold", "Ann@example.com", "--reason", "Card reported stolen."], env);
  assert.match(first.output, /The spending of ann@example\.com's bot is stopped\./);
  const again = await molt(["bot", "hold", botId, "--json"], env);
  assert.deepEqual(JSON.parse(again.output), { bot: botId, held: false });
  const rows = await query(url, "select held_reason, held_note from app.model_budgets");
  assert.deepEqual(rows, [{ held_reason: "operator", held_note: "Card reported stolen." }]);
  assert.equal((await query(url, "select from app.mails where template = 'spending-held'")).length, 1);
  const resumed = await molt(["bot", "resume", botId, "--json"], env);
  assert.deepEqual(JSON.parse(resumed.output), { bot: botId, resumed: true, reason: "operator" });
  assert.match((await molt(["bot", "resume", botId], env)).output, /was not stopped/);
});

test("an operator rotates a bot's key: at its next wake, or at once", async (t) => {
  const { url, botId } = await withBot(t);
  const env = { DATABASE_URL: url };
  const look = () =>
    query(url, `select model_key_hash is null as dead, renew_machine_by <= now() as due from app.bots`);
  assert.match((await molt(["bot", "rotate-key", botId], env)).output, /when it wakes next/);
  assert.deepEqual(await look(), [{ dead: false, due: false }]);
  assert.match((await molt(["bot", "rotate-key", botId, "--now"], env)).output, /is dead/);
  assert.deepEqual(await look(), [{ dead: true, due: true }]);
  const nobody = await molt(["bot", "rotate-key", "bob@example.com"], env);
  assert.deepEqual([nobody.ok, /There is no bot "bob@example\.com"/.test(nobody.output)], [false, true]);
});

for (const { name, args, env = {}, says } of [
  { name: "an unknown command", args: ["waitlist", "burn"], says: /That is not a command/ },
  { name: "a missing number", args: ["waitlist", "invite"], says: /--n with a number from 1 to/ },
  { name: "no people", args: ["waitlist", "invite", "--n", "0"], says: /--n with a number/ },
  { name: "half a person", args: ["waitlist", "invite", "--n", "1.5"], says: /--n with a number/ },
  { name: "no address", args: ["waitlist", "delete", "ann"], says: /"ann" is not an e-mail address/ },
  { name: "no bot", args: ["bot", "hold"], says: /Name the bot or its owner's e-mail address/ },
  { name: "too long a reason", args: ["bot", "hold", "a", "--reason", "x".repeat(301)], says: /300/ },
  { name: "an unknown flag", args: ["waitlist", "export", "--all"], says: /--all/ },
  {
    name: "a database that is away",
    args: ["waitlist", "export"],
    env: { DATABASE_URL: "postgres://molt:hidden@127.0.0.1:1/molt" },
    says: /The database does not answer/,
  },
  {
    name: "no running copy",
    args: ["waitlist", "export"],
    env: { MOLT_DATA_DIR: join(tmpdir(), "no-molt-here") },
    says: /No Molt-OS is running on/,
  },
]) {
  test(`${name} ends with one clear sentence and exit code 1`, async () => {
    const answer = await molt(args, { DATABASE_URL: "", ...env });
    assert.equal(answer.ok, false);
    assert.match(answer.output, says);
    assert.doesNotMatch(answer.output, /hidden|\n\s+at /);
  });
}

test("an empty database is told from a full one", async () => {
  const admin = new URL(process.env["TEST_DATABASE_URL"] ?? "");
  admin.pathname = "/template1";
  const answer = await molt(["waitlist", "export"], { DATABASE_URL: admin.href });
  assert.match(answer.output, /This database holds no Molt-OS/);
});

test("the copy that runs on this machine is found by its folder, whatever its port", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "molt-operator-"));
  t.after(() => rm(dataDir, { recursive: true }));
  const cluster = join(dataDir, "postgres", "postgres-17");
  await mkdir(cluster, { recursive: true });
  await writeFile(join(dataDir, "postgres", "postgres-password"), "a/b\n");
  await writeFile(join(cluster, "postmaster.pid"), `77\n${cluster}\n1700000000\n6409\n\n127.0.0.1\n`);
  assert.equal(
    await findDatabase({ MOLT_DATA_DIR: dataDir }),
    "postgres://postgres:a%2Fb@127.0.0.1:6409/molt?sslmode=disable",
  );
});
