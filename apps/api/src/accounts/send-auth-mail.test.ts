/** A sign-in code between its delivery and the mailbox: sealed, before all other mail, and not after its time. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { sql } from "kysely";
import { mailLoops } from "../mail/loops.ts";
import { sendMails } from "../mail/send-mails.job.ts";
import { openMailer } from "../mail/smtp.ts";
import { manualClock, testDeps } from "../testing/deps.ts";
import { startStandIn } from "../testing/stand-in.ts";
import { delivery, door, hash, rowsOf, secret } from "./testing/auth-hook.ts";

test("a code lies sealed in the outbox, and is in it no more once it is sent", async (t) => {
  const mailbox = await startStandIn(t, "mail", {
    DATABASE_URL: (await testDeps(t)).config.database.url,
    LOG_LEVEL: "silent",
  });
  const { deps, deliver } = await door(t, { env: { SMTP_URL: String(mailbox.ready["smtpUrl"]) } });
  await deliver(delivery());
  const dump = async () => JSON.stringify((await sql`select * from app.mails`.execute(deps.db)).rows);
  for (const canary of ["305805", hash]) assert.ok(!(await dump()).includes(canary), canary);
  const mailer = openMailer(deps.config.mail);
  t.after(() => mailer.close());
  assert.match(await sendMails({ ...deps, mailer }, AbortSignal.timeout(20_000)), /^sent 1 /);
  assert.deepEqual(
    (await rowsOf(deps)).map(({ state, data }) => [state, data]),
    [["sent", null]],
  );
});

test("a code that could not be sent in its time is not sent any more", async (t) => {
  const clock = manualClock();
  const { deps, deliver } = await door(t, { clock });
  assert.equal((await deliver(delivery())).statusCode, 200);
  clock.advance(10 * 60_000);
  const mailer = { send: () => assert.fail("it was sent"), close: () => undefined };
  assert.match(await sendMails({ ...deps, mailer }, AbortSignal.timeout(20_000)), /1 are dead/);
  assert.deepEqual(
    (await rowsOf(deps)).map(({ state, data }) => [state, data]),
    [["dead", null]],
  );
});

test("who waits for a code waits for no digest and for no server that hangs over one", async (t) => {
  const { deps, deliver } = await door(t);
  await sql`insert into app.mails (key, recipient, template, next_attempt_at)
    select 'welcome/' || n, 'p' || n || '@example.com', 'welcome', to_timestamp(0) from generate_series(1, 30) n`.execute(
    deps.db,
  );
  await deliver(delivery());
  const sent: string[] = [];
  const mailer = { send: async ({ to }: { to: string }) => void sent.push(to), close: () => undefined };
  await sendMails({ ...deps, mailer }, AbortSignal.timeout(20_000));
  assert.equal(sent[0], "ann@example.com", "before all the others");
  await deliver(delivery({ token: "111111" }));
  sent.length = 0;
  await sendMails({ ...deps, mailer, urgent: false }, AbortSignal.timeout(20_000));
  assert.deepEqual(sent, []);
  await sendMails({ ...deps, mailer, urgent: true }, AbortSignal.timeout(20_000));
  assert.deepEqual(sent, ["ann@example.com"]);
});

test("from a sign-up at the sign-in service to the mail in the mailbox: a second at most, in German", async (t) => {
  const { url: databaseUrl } = (await testDeps(t)).config.database;
  const mailbox = await startStandIn(t, "mail", { DATABASE_URL: databaseUrl, LOG_LEVEL: "silent" });
  const { deps, app } = await door(t, { env: { SMTP_URL: String(mailbox.ready["smtpUrl"]) } });
  const loops = mailLoops(deps);
  t.after(() => Promise.all(loops.map((loop) => loop.stop())));
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo; // listening on TCP
  const auth = await startStandIn(t, "auth", {
    DATABASE_URL: databaseUrl,
    DATA_DIR: `/tmp/molt-hook-${randomUUID()}`,
    LOG_LEVEL: "silent",
    AUTOCONFIRM: "false",
    HOOK_SEND_EMAIL_URI: `http://127.0.0.1:${port}/auth/hooks/send-email`,
    HOOK_SEND_EMAIL_SECRETS: secret,
  });
  const began = performance.now();
  const post = (path: string, body: object) =>
    fetch(`${auth.url}/auth/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const email = "ann@example.com";
  const answer = await post("/signup", {
    email,
    password: "a long enough password",
    data: { language: "de" },
  });
  assert.equal(answer.status, 200, await answer.text());
  let mails: { subject: string; code: string }[] = [];
  while (mails.length === 0) {
    ({ mails } = (await (await fetch(`${mailbox.url}/api/mails`)).json()) as { mails: typeof mails });
    assert.ok(performance.now() - began < 3_000, "no mail");
  }
  const tookMs = performance.now() - began;
  t.diagnostic(`sign-up to mailbox ${Math.round(tookMs)} ms`);
  assert.match(mails[0]?.subject ?? "", /ist dein Code für Molt-OS/);
  const opened = await post("/verify", { type: "signup", email, token: mails[0]?.code });
  assert.equal(opened.status, 200);
});
