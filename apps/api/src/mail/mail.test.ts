import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { unsubscribe } from "./choose-mails.ts";
import { linkToken } from "./link-token.ts";
import { mailLoops } from "./loops.ts";
import { queueMail } from "./queue-mail.ts";
import { digestTo, HOUR, impatient, post, rows, welcomeTo } from "./testing/post.ts";

test("a mail that is asked for five times is sent once, with its row's id as Message-ID", async (t) => {
  const { deps, send, received } = await post(t);
  const asked = await Promise.all(Array.from({ length: 5 }, () => welcomeTo(deps, "ann@example.com")));
  assert.equal(asked.filter(Boolean).length, 1);
  assert.equal(await send(), "sent 1 mails, 0 will be tried again, 0 are dead");
  assert.equal(await send(), "");
  const { rows: ids } = await sql<{ id: string }>`select id from app.mails`.execute(deps.db);
  const mails = await received();
  assert.deepEqual(
    mails.map(({ to, messageId, subject }) => [to, messageId, subject]),
    [[["ann@example.com"], `<${ids[0]?.id}@molt-os.test>`, "Welcome to Molt-OS"]],
  );
});

test("a mail of a transaction that fails is never sent", async (t) => {
  const { deps, send, received } = await post(t);
  await assert.rejects(
    deps.db.transaction().execute(async (trx) => {
      await queueMail(trx, { key: "x", recipient: "ann@example.com", template: "welcome", data: {} });
      throw new Error("the order failed");
    }),
    /the order failed/,
  );
  assert.equal(await send(), "");
  assert.deepEqual(await received(), []);
});

test("F13 a server that says 421 gets the mail later, each time later still", async (t) => {
  const { deps, clock, send, received, misbehave } = await post(t, impatient);
  await misbehave({ kind: "refuse", code: 421, times: 3 });
  await welcomeTo(deps, "ann@example.com");
  const waits: number[] = [];
  for (let tries = 0; tries < 3; tries += 1) {
    await send();
    const { rows: due } = await sql<{ at: Date }>`select next_attempt_at as at from app.mails`.execute(
      deps.db,
    );
    const wait = (due[0]?.at.getTime() ?? 0) - clock.now().getTime();
    waits.push(wait);
    assert.equal(await send(), "", "not before its time");
    clock.advance(wait);
  }
  assert.deepEqual(waits, [15_000, 30_000, 60_000]);
  assert.equal(await send(), "sent 1 mails, 0 will be tried again, 0 are dead");
  assert.equal((await received()).length, 1);
});

test("F13 a server that falls silent holds up its own mail only", async (t) => {
  const { deps, clock, send, received, misbehave } = await post(t, impatient);
  await misbehave({ kind: "hang", times: 1 });
  await welcomeTo(deps, "first@example.com", "a");
  clock.advance(1);
  await welcomeTo(deps, "second@example.com", "b");
  await send();
  assert.deepEqual((await rows(deps)).map(({ state }) => state).toSorted(), ["pending", "sent"]);
  clock.advance(HOUR);
  await send();
  const reached = (await received()).flatMap(({ to }) => to);
  assert.deepEqual([...new Set(reached)].toSorted(), ["first@example.com", "second@example.com"]);
});

test("F13 no server at all: the mail waits, and goes when there is one", async (t) => {
  const { deps, clock, send, received, mailbox } = await post(t);
  await mailbox.stop();
  await welcomeTo(deps, "ann@example.com");
  assert.equal(await send(), "sent 0 mails, 1 will be tried again, 0 are dead");
  const [row] = await rows(deps);
  assert.deepEqual([row?.state, row?.attempts], ["pending", 1]);
  assert.match(row?.note ?? "", /ECONNREFUSED/);
  clock.advance(HOUR);
  await assert.rejects(received());
});

test("F13 a mailbox that does not exist is dead at once, and the next mail goes out", async (t) => {
  const { deps, send, received, misbehave } = await post(t, impatient);
  await misbehave({ kind: "refuse", at: "recipient", code: 550 });
  await welcomeTo(deps, "gone@example.com", "a");
  await send();
  await welcomeTo(deps, "ann@example.com", "b");
  await send();
  assert.deepEqual(
    (await rows(deps)).map(({ key, state }) => [key, state]),
    [
      ["a", "dead"],
      ["b", "sent"],
    ],
  );
  assert.equal((await received()).length, 1);
});

test("F13 a server that never comes back: the mail is dead after forty tries", async (t) => {
  const { deps, clock, send, misbehave } = await post(t, impatient);
  await misbehave({ kind: "refuse", code: 451, times: 100 });
  await welcomeTo(deps, "ann@example.com");
  for (let tries = 0; tries < 45; tries += 1) {
    await send();
    clock.advance(2 * HOUR);
  }
  assert.deepEqual(
    (await rows(deps)).map(({ state, attempts }) => [state, attempts]),
    [["dead", 40]],
  );
});

test("a crash after the server took the mail sends it again under the same Message-ID", async (t) => {
  const { deps, clock, send, received, misbehave } = await post(t, impatient);
  await misbehave({ kind: "cut", times: 1 });
  await welcomeTo(deps, "ann@example.com");
  await send();
  clock.advance(HOUR);
  await send();
  const ids = (await received()).map(({ messageId }) => messageId);
  assert.equal(ids.length, 2);
  assert.equal(new Set(ids).size, 1);
});

test("two workers share the outbox and send each mail once", async (t) => {
  const { deps, send, received } = await post(t);
  for (let i = 0; i < 25; i += 1) await welcomeTo(deps, `p${i}@example.com`);
  await Promise.all([send(), send()]);
  assert.equal((await received()).length, 25);
  assert.ok((await rows(deps)).every(({ state, data }) => state === "sent" && data === null));
});

test("who refuses the weekly mail gets no more of it, but still hears of a failed payment", async (t) => {
  const { deps, send, received } = await post(t);
  const recipient = "ann@example.com";
  await digestTo(deps, recipient, "digest/1");
  await send();
  const first = (await received())[0];
  const token = linkToken(deps.config.masterKey, `stop:weekly-digest:${recipient}`);
  const link = `http://127.0.0.1:3/mail/unsubscribe#${token}`;
  assert.ok(first);
  assert.ok(first.text.includes(link) && first.html.includes(link));
  await unsubscribe(deps, token);
  await unsubscribe(deps, token);
  await digestTo(deps, recipient, "digest/2");
  await queueMail(deps.db, {
    key: "failed/1",
    recipient,
    template: "payment-failed",
    data: { amountCents: 5000, currency: "usd" },
  });
  await send();
  assert.deepEqual((await received()).map(({ subject }) => subject).toSorted(), [
    "Your bot’s week",
    "Your payment did not go through",
  ]);
});

test("wrong data fail the caller; a row that nobody can write is dead, not tried for ever", async (t) => {
  const { deps, send } = await post(t);
  await assert.rejects(
    queueMail(deps.db, {
      key: "x",
      recipient: "ann@example.com",
      template: "cap-reached",
      data: { percent: 80, spentPicos: "12.5", capPicos: "100" },
    }),
    /spentPicos/,
  );
  await sql`insert into app.mails (key, recipient, template, next_attempt_at)
    values ('old', 'ann@example.com', 'no-such', to_timestamp(0))`.execute(deps.db);
  assert.equal(await send(), "sent 0 mails, 0 will be tried again, 1 are dead");
});

test("a new mail wakes the sender; nobody waits for the interval", async (t) => {
  const { deps, received } = await post(t);
  const [loop] = mailLoops(deps);
  t.after(() => loop?.stop());
  await welcomeTo(deps, "ann@example.com");
  const until = performance.now() + 5_000;
  while ((await received()).length === 0) assert.ok(performance.now() < until, "the mail did not arrive");
});
