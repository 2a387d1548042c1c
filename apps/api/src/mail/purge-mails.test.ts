import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { manualClock, testDeps } from "../testing/deps.ts";
import { retryMails } from "./dead-mails.ts";
import { knownOccasions } from "./known-occasions.ts";
import { purgeMails } from "./purge-mails.job.ts";
import { queueMail } from "./queue-mail.ts";
import { MailRefused } from "./smtp.ts";
import { rows, sendBy, welcomeTo } from "./testing/post.ts";
import { samples } from "./testing/samples.ts";

const DAY = 24 * 60 * 60_000;

async function outbox(t: TestContext) {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  const purge = () => purgeMails(deps, AbortSignal.timeout(20_000));
  return { clock, deps, purge };
}
const signInTo = ({ db, config, clock }: Deps, recipient: string) =>
  queueMail(db, {
    key: `sign-in/${recipient}`,
    recipient,
    template: "sign-in",
    data: samples["sign-in"],
    expiresAt: new Date(clock.now().getTime() + 600_000),
    sealWith: config.masterKey,
  });

test("after thirty days nobody is named any more, and no mail comes twice", async (t) => {
  const { clock, deps, purge } = await outbox(t);
  await welcomeTo(deps, "sent@example.com", "welcome/1");
  await sendBy(deps, async () => undefined);
  await welcomeTo(deps, "dead@example.com", "welcome/2");
  await sendBy(deps, () => Promise.reject(new MailRefused("no")));
  clock.advance(30 * DAY);
  await welcomeTo(deps, "waits@example.com", "welcome/3");
  assert.equal(await purge(), "", "not before its time");
  clock.advance(1);
  assert.equal(await purge(), "deleted 0 sign-in mails, forgot whom 2 mails were to");
  assert.deepEqual(
    (await rows(deps)).map(({ key, state, recipient, data }) => [key, state, recipient, data]),
    [
      ["welcome/1", "sent", null, null],
      ["welcome/2", "dead", null, null],
      ["welcome/3", "pending", "waits@example.com", {}],
    ],
  );
  assert.equal(await welcomeTo(deps, "sent@example.com", "welcome/1"), false);
  assert.deepEqual([...(await knownOccasions(deps.db, ["welcome/2"]))], ["welcome/2"]);
  assert.deepEqual(await retryMails(deps, "all"), [], "nobody knows any more whom it was to");
  assert.equal(await purge(), "");
});

test("an address that somebody typed at the sign-in is gone a day after its mail", async (t) => {
  const { clock, deps, purge } = await outbox(t);
  await signInTo(deps, "sent@example.com");
  await sendBy(deps, async () => undefined);
  await signInTo(deps, "expired@example.com");
  clock.advance(600_000);
  await sendBy(deps, () => assert.fail("it was sent"));
  await welcomeTo(deps, "ann@example.com");
  await sendBy(deps, async () => undefined);
  clock.advance(DAY - 600_000);
  assert.equal(await purge(), "", "not before its time");
  clock.advance(600_001);
  assert.equal(await purge(), "deleted 2 sign-in mails, forgot whom 0 mails were to");
  assert.deepEqual(
    (await rows(deps)).map(({ recipient }) => recipient),
    ["ann@example.com"],
  );
});

test("more than a bite is forgotten bite by bite, by two workers at once", async (t) => {
  const { clock, deps, purge } = await outbox(t);
  await sql`insert into app.mails (key, recipient, template, state, sent_at)
    select n, n || '@example.com', case when n % 2 = 0 then 'sign-in' else 'welcome' end, 'sent', ${clock.now()}
    from generate_series(1, 2400) n`.execute(deps.db);
  clock.advance(31 * DAY);
  await Promise.all([purge(), purge()]);
  await purge();
  const { rows: left } = await sql`
    select count(*)::int as rows, count(recipient)::int as names from app.mails`.execute(deps.db);
  assert.deepEqual(left, [{ rows: 1200, names: 0 }]);
});
