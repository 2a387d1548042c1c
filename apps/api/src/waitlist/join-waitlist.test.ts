/** Joining: one entry a mailbox, one answer for everybody, and a few mails to whoever is asked again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { manualClock, testDeps } from "../testing/deps.ts";
import { canonicalEmail } from "./canonical-email.ts";
import { confirmWaitlist } from "./confirm-waitlist.ts";
import { limits } from "./limits.ts";
import { entries, join, joinAndConfirm, mails, serveWaitlist, tokenOf } from "./testing/list.ts";

test("F1 the same address fifty times at once is one entry and one mail", async (t) => {
  const deps = await testDeps(t);
  await Promise.all(Array.from({ length: 50 }, () => join(deps, "ann@gmail.com")));
  assert.deepEqual(
    (await entries(deps)).map(({ email }) => email),
    ["ann@gmail.com"],
  );
  assert.equal((await mails(deps)).length, 1);
});

test("F2 a known address gets the same answer as an unknown one, in the same time", async (t) => {
  const deps = await testDeps(t);
  await joinAndConfirm(deps, "known@example.com");
  const app = await serveWaitlist(t, deps);
  const times: Record<"known" | "new", number[]> = { known: [], new: [] };
  const bodies = new Set<string>();
  for (let round = 0; round < 5; round += 1) {
    for (const kind of ["known", "new"] as const) {
      const began = performance.now();
      const answer = await app.inject({
        method: "POST",
        url: "/waitlist",
        remoteAddress: `10.0.${round}.${kind === "known" ? 1 : 2}`,
        payload: { email: kind === "known" ? "known@example.com" : `new${round}@example.com` },
      });
      times[kind].push(performance.now() - began);
      bodies.add(`${answer.statusCode} ${answer.body}`);
    }
  }
  assert.deepEqual([...bodies], ['200 {"ok":true}']);
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[2] ?? 0;
  const [known, fresh] = [median(times.known), median(times.new)];
  assert.ok(
    Math.abs(known - fresh) / fresh < 0.1,
    `known ${known.toFixed(1)} ms, new ${fresh.toFixed(1)} ms`,
  );
});

test("F3 plus-addresses of one mailbox are one entry", async (t) => {
  const deps = await testDeps(t);
  for (let i = 0; i < 20; i += 1) await join(deps, `ann+${i}@example.com`);
  assert.equal((await entries(deps)).length, 1);
  assert.equal((await mails(deps)).length, 1);
});

test("F3 a filled honeypot is answered like success and stores nothing", async (t) => {
  const deps = await testDeps(t);
  const app = await serveWaitlist(t, deps);
  const answer = await app.inject({
    method: "POST",
    url: "/waitlist",
    payload: { email: "bot@example.com", website: "https://spam.example" },
  });
  assert.deepEqual([answer.statusCode, answer.json()], [200, { ok: true }]);
  assert.deepEqual([await entries(deps), await mails(deps)], [[], []]);
});

for (const [written, known] of [
  ["ann+news@example.com", "ann@example.com"],
  ["a.n.n@gmail.com", "ann@gmail.com"],
  ["a.n.n+x@googlemail.com", "ann@gmail.com"],
  ["a.n.n@example.com", "a.n.n@example.com"],
  ["+@example.com", "+@example.com"],
] as const) {
  test(`F12 ${written} is the mailbox ${known}`, () => assert.equal(canonicalEmail(written), known));
}

test("F12 the database knows a mailbox by the same spelling", async (t) => {
  const deps = await testDeps(t);
  const written = ["ann@example.com", "ann+news@example.com", "a.n.n@gmail.com", "a.n.n+x@googlemail.com"];
  for (const email of [
    ...written,
    "a.n+n+x@example.com",
    "+@example.com",
    "+x@gmail.com",
    "a.n@gmail.com.example",
  ]) {
    const { rows } = await sql`select app.canonical_email(${email.toUpperCase()}) as known`.execute(deps.db);
    assert.deepEqual(rows, [{ known: canonicalEmail(email) }]);
  }
});

test("F12 tricks with Unicode are the same mailbox, or no address at all", async (t) => {
  const deps = await testDeps(t);
  const app = await serveWaitlist(t, deps);
  const spellings = [
    "ann@example.com",
    " ANN@EXAMPLE.COM ",
    "ａｎｎ@example.com",
    "ann＠example.com",
    "ann@example.com.",
    "\u202Eann@example.com",
    "an\u0131@example.com",
    "ann@ex\u00ADample.com",
    "ann\u0000@example.com",
  ];
  for (const [index, email] of spellings.entries()) {
    const answer = await app.inject({
      method: "POST",
      url: "/waitlist",
      remoteAddress: `10.9.0.${index}`,
      payload: { email },
    });
    assert.ok([200, 400].includes(answer.statusCode), `${JSON.stringify(email)}: ${answer.statusCode}`);
  }
  assert.deepEqual(
    (await entries(deps)).map(({ email }) => email),
    ["ann@example.com"],
  );
});

test("F13 who asks again gets the mail again after a minute, three times at most", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  await join(deps, "ann@example.com");
  await join(deps, "ann@example.com");
  assert.equal((await mails(deps)).length, 1);
  for (let i = 0; i < 5; i += 1) {
    clock.advance(limits.askPauseMs);
    await join(deps, "ann@example.com");
  }
  assert.equal((await mails(deps)).length, limits.asks);
});

test("who signs up again is asked at the address and in the language given last", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  await join(deps, "victim+x@corp.example");
  const [first] = await entries(deps);
  clock.advance(limits.askPauseMs);
  await join(deps, "victim@corp.example", { language: "de" });
  const { rows } = await sql`select recipient, language from app.mails`.execute(deps.db);
  assert.deepEqual(rows, [{ recipient: "victim@corp.example", language: "de" }]);
  const kept = await sql`select email, language from app.waitlist`.execute(deps.db);
  assert.deepEqual(kept.rows, [{ email: "victim@corp.example", language: "de" }]);
  // The older mail may lie in another person's mailbox: its link says yes for nobody any more.
  await assert.rejects(confirmWaitlist(deps, tokenOf(deps, first?.id ?? "")), { code: "not_found" });
  const [now] = await entries(deps);
  assert.equal((await confirmWaitlist(deps, tokenOf(deps, now?.id ?? ""))).position, 1);
});

test("the link in the first mail still works when the same address was asked again", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  await join(deps, "ann@example.com");
  const [first] = await entries(deps);
  clock.advance(limits.askPauseMs);
  await join(deps, "ann@example.com", { language: "de" });
  assert.equal((await confirmWaitlist(deps, tokenOf(deps, first?.id ?? ""))).position, 1);
});

test("invented labels cannot use up the mails that the plain address may get", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  for (let i = 0; i < 5; i += 1) {
    await join(deps, `victim+${i}@corp.example`);
    clock.advance(limits.askPauseMs);
  }
  await join(deps, "victim@corp.example");
  assert.deepEqual(
    (await mails(deps)).map(({ recipient }) => recipient),
    ["victim@corp.example"],
  );
});
