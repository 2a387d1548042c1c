/** A mail is claimed for as long as one sender may take over it, and what fails one mail fails no other. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { manualClock, testDeps } from "../testing/deps.ts";
import { queueMail } from "./queue-mail.ts";
import { digestTo, listen, rows, sendBy, welcomeTo } from "./testing/post.ts";

async function outbox(t: TestContext) {
  const clock = manualClock();
  const { log, lines } = listen();
  return { clock, lines, deps: { ...(await testDeps(t, { clock })), log } };
}

function codeTo({ db, config, clock }: Deps, recipient: string, minutes: number): Promise<boolean> {
  return queueMail(db, {
    key: `sign-in/${recipient}`,
    recipient,
    template: "sign-in",
    data: { purpose: "magiclink", code: "305805", link: null, minutes },
    expiresAt: new Date(clock.now().getTime() + minutes * 60_000),
    sealWith: config.masterKey,
  });
}

/** The database refuses these changes of the mail `key`, as it would over a broken disk. */
async function refuseUpdates({ db }: Deps, when: string): Promise<void> {
  await sql`create function app.refuse_update() returns trigger language plpgsql as
    $$ begin raise exception 'no room for % here', new.recipient; end $$`.execute(db);
  await sql`create trigger refuse_update before update on app.mails for each row
    when (${sql.raw(when)}) execute function app.refuse_update()`.execute(db);
}

/** A worker that takes the next mail, and is never heard of again. */
async function dieSending(deps: Deps): Promise<void> {
  const taken = new PassThrough();
  void sendBy(deps, () => {
    taken.end();
    return new Promise(() => undefined);
  });
  await once(taken.resume(), "end");
}

test("F13 a sign-in code whose sender dies is sent by the next one while it still opens", async (t) => {
  const { deps, clock } = await outbox(t);
  await codeTo(deps, "ann@example.com", 10);
  await dieSending(deps);
  const sent: string[] = [];
  const send = async ({ to }: { to: string }) => void sent.push(to);
  assert.equal(await sendBy(deps, send), "", "claimed");
  clock.advance(60_000);
  assert.equal(await sendBy(deps, send), "sent 1 mails, 0 will be tried again, 0 are dead");
  assert.deepEqual(sent, ["ann@example.com"]);
});

test("F13 a sender that dies holds up the mail it was sending and none of the others", async (t) => {
  const { deps } = await outbox(t);
  for (let i = 0; i < 12; i += 1) await welcomeTo(deps, `p${i}@example.com`);
  await dieSending(deps);
  assert.match(await sendBy(deps, async () => undefined), /^sent 11 mails/);
});

test("a code that comes while other mails are sent goes before the rest of them", async (t) => {
  const { deps } = await outbox(t);
  for (let i = 0; i < 5; i += 1) await welcomeTo(deps, `p${i}@example.com`);
  const sent: string[] = [];
  await sendBy(deps, async ({ to }) => {
    sent.push(to);
    if (sent.length === 1) await codeTo(deps, "ann@example.com", 10);
  });
  assert.deepEqual([sent.length, sent.indexOf("ann@example.com")], [6, 1]);
});

for (const { what, when, mailServer } of [
  { what: "marking it sent", when: "new.key = 'a' and new.state = 'sent'", mailServer: "good" },
  { what: "putting it off", when: "new.key = 'a' and new.note is not null", mailServer: "away" },
]) {
  test(`a database error in ${what} is that mail's alone, and the log names no address`, async (t) => {
    const { deps, clock, lines } = await outbox(t);
    await refuseUpdates(deps, when);
    await welcomeTo(deps, "ann@example.com", "a");
    clock.advance(1);
    await welcomeTo(deps, "bob@example.com", "b");
    const sent: string[] = [];
    const send = async ({ to }: { to: string }) => {
      sent.push(to);
      if (mailServer === "away" && to === "ann@example.com") throw new Error("away");
    };
    assert.equal(await sendBy(deps, send), "sent 1 mails, 1 will be tried again, 0 are dead");
    assert.deepEqual(
      (await rows(deps)).map(({ key, state }) => [key, state]),
      [
        ["a", "pending"],
        ["b", "sent"],
      ],
    );
    assert.match(lines.join(""), /no room for \[address\] here/);
    assert.doesNotMatch(lines.join(""), /@example/);
    await sql`drop trigger refuse_update on app.mails`.execute(deps.db);
    clock.advance(60_000);
    assert.match(await sendBy(deps, async () => undefined), /^sent 1 mails/);
  });
}

test("a database error in asking for the recipient's choice puts off that mail alone", async (t) => {
  const { deps, clock } = await outbox(t);
  await sql`alter table app.mail_choices add constraint not_ann check (recipient <> 'ann@example.com')`.execute(
    deps.db,
  );
  await digestTo(deps, "ann@example.com", "a");
  await digestTo(deps, "bob@example.com", "b");
  const sent: string[] = [];
  const send = async ({ to }: { to: string }) => void sent.push(to);
  assert.equal(await sendBy(deps, send), "sent 1 mails, 1 will be tried again, 0 are dead");
  assert.deepEqual(sent, ["bob@example.com"]);
  await sql`alter table app.mail_choices drop constraint not_ann`.execute(deps.db);
  clock.advance(15_000);
  assert.match(await sendBy(deps, send), /^sent 1 mails/, "sooner than a lease ends: it was given back");
});

test("a sender that is stopped gives back what it has, due at once", async (t) => {
  const { deps } = await outbox(t);
  await welcomeTo(deps, "ann@example.com");
  const stop = new AbortController();
  await sendBy(
    deps,
    async (_mail, signal) => {
      stop.abort();
      signal.throwIfAborted();
    },
    stop.signal,
  );
  assert.match(await sendBy(deps, async () => undefined), /^sent 1 mails/);
});
