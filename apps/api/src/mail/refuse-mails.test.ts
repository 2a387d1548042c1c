/** What ends a mail for good, what only puts it off, and what is left of it for an operator. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { manualClock, testDeps } from "../testing/deps.ts";
import { retryMails } from "./dead-mails.ts";
import { describeError } from "./describe-error.ts";
import { queueMail } from "./queue-mail.ts";
import { MailRefused } from "./smtp.ts";
import { digestTo, HOUR, post, rows, sendBy, welcomeTo } from "./testing/post.ts";
import { samples } from "./testing/samples.ts";

for (const { name, at, code, text } of [
  { name: "a login that is missing", at: "sender", code: 530, text: "5.7.0 Authentication required" },
  { name: "a domain that is not verified", at: "sender", code: 550, text: "The domain is not verified" },
  { name: "a sending quota that is used up", at: "data", code: 550, text: "5.4.5 Sending quota exceeded" },
  { name: "content that is not liked", at: "data", code: 554, text: "5.7.1 Message refused" },
  { name: "relaying that is denied", at: "recipient", code: 550, text: "5.7.1 Relaying denied" },
  { name: "a sender that is refused late", at: "recipient", code: 550, text: "5.1.8 Sender domain unknown" },
  { name: "a mailbox that is full", at: "recipient", code: 552, text: "5.2.2 Mailbox full" },
]) {
  test(`F13 ${name} destroys no mail: it waits, and goes when that is mended`, async (t) => {
    const { deps, clock, send, received, misbehave } = await post(t);
    await misbehave({ kind: "refuse", at, code, text });
    await welcomeTo(deps, "ann@example.com");
    assert.equal(await send(), "sent 0 mails, 1 will be tried again, 0 are dead");
    const [row] = await rows(deps);
    assert.deepEqual(
      [row?.state, row?.data, row?.note?.includes(text)],
      ["pending", {}, true],
      row?.note ?? "",
    );
    clock.advance(HOUR);
    assert.equal(await send(), "sent 1 mails, 0 will be tried again, 0 are dead");
    assert.equal((await received()).length, 1);
  });
}

for (const { code, text } of [
  { code: 550, text: "5.1.1 <ann@example.com>: Recipient address rejected, unknown to bob@example.org" },
  { code: 551, text: "User not local" },
  { code: 553, text: "Mailbox name not allowed" },
  { code: 554, text: "5.1.2 Bad destination system" },
]) {
  test(`F13 a recipient refused with ${code} ${text.slice(0, 5)} is dead at once, and no line names them`, async (t) => {
    const { deps, send, misbehave, lines } = await post(t);
    await misbehave({ kind: "refuse", at: "recipient", code, text });
    await welcomeTo(deps, "ann@example.com");
    assert.equal(await send(), "sent 0 mails, 0 will be tried again, 1 are dead");
    const [row] = await rows(deps);
    assert.equal(row?.state, "dead");
    assert.match(row?.note ?? "", new RegExp(`refused the recipient: .*${code} `));
    for (const said of [row?.note ?? "", ...lines]) assert.doesNotMatch(said, /@example/);
    assert.match(lines.join(""), /a mail is dead/);
  });
}

test("an address is stripped of an error whatever its shape, and wherever it stands", () => {
  const recipient = '"ann, or: bob"@bücher.example';
  const cause = Object.assign(new Error(`550 <${recipient.toUpperCase()}> and ann=x.example@srs.example.`), {
    code: "EENVELOPE",
    responseCode: 550,
    command: "RCPT TO",
  });
  const { stack, ...said } = describeError(new MailRefused("no", { cause }), recipient);
  assert.deepEqual(said, {
    type: "MailRefused",
    message: "no: 550 <[address]> and [address]",
    code: "EENVELOPE",
    responseCode: 550,
    command: "RCPT TO",
  });
  assert.match(stack ?? "", /refuse-mails\.test\.ts/);
  assert.equal(describeError(`lost ${recipient}`, recipient).message, "lost [address]");
});

test("a dead mail keeps what an operator needs to bring it back, and a secret or a farewell leaves nothing", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  await queueMail(deps.db, {
    key: "a/invoice",
    recipient: "ann@example.com",
    template: "invoice",
    data: samples.invoice,
  });
  await queueMail(deps.db, {
    key: "b/farewell",
    recipient: "bob@example.com",
    template: "account-deleted",
    data: {},
  });
  const expiresAt = new Date(clock.now().getTime() + 600_000);
  for (const key of ["c/code", "d/code"])
    await queueMail(deps.db, {
      key,
      recipient: "cem@example.com",
      template: "sign-in",
      data: samples["sign-in"],
      expiresAt: key === "c/code" ? expiresAt : clock.now(),
      sealWith: deps.config.masterKey,
    });
  await sendBy(deps, () => Promise.reject(new MailRefused("no")));
  assert.deepEqual(
    (await rows(deps)).map(({ key, state, recipient, data }) => [key, state, recipient, data !== null]),
    [
      ["a/invoice", "dead", "ann@example.com", true],
      ["b/farewell", "dead", null, false],
      ["c/code", "dead", "cem@example.com", false],
      ["d/code", "dead", "cem@example.com", false],
    ],
  );
  assert.equal((await retryMails(deps, "all")).length, 1);
  const sent: string[] = [];
  await sendBy(deps, async ({ to, subject }) => void sent.push(`${to} ${subject}`));
  assert.deepEqual(sent, ["ann@example.com Your invoice MOLT-0001"]);
});

test("a mail that its recipient does not want is no mail to bring back", async (t) => {
  const deps = await testDeps(t, { clock: manualClock() });
  await digestTo(deps, "ann@example.com", "digest/1");
  await sendBy(deps, async () => undefined);
  await sql`update app.mail_choices set stopped_at = now()`.execute(deps.db);
  await digestTo(deps, "ann@example.com", "digest/2");
  assert.match(await sendBy(deps, () => assert.fail("it was sent")), /1 are dead/);
  assert.deepEqual(await retryMails(deps, "all"), []);
});
