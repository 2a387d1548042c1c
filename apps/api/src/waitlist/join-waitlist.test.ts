/** Joining: one entry a mailbox, one answer for everybody, and bounds for whoever floods. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { manualClock, testDeps } from "../testing/deps.ts";
import { canonicalEmail } from "./canonical-email.ts";
import { AddressLimit, limits } from "./limits.ts";
import { entries, join, joinAndConfirm, mails, serveWaitlist } from "./testing/list.ts";

test("F1 the same address fifty times at once is one entry and one mail", async (t) => {
  const deps = await testDeps(t);
  await Promise.all(Array.from({ length: 50 }, () => join(deps, "ann@example.com")));
  assert.deepEqual(
    (await entries(deps)).map(({ email }) => email),
    ["ann@example.com"],
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

test("F3 a flood from one domain is bounded, and people elsewhere still get on the list", async (t) => {
  const deps = await testDeps(t);
  let refused = 0;
  for (let i = 0; i < limits.perDomain + 30; i += 1) {
    await join(deps, `spam${i}@disposable.example`).catch((error: unknown) => {
      assert.equal((error as { code?: string }).code, "rate_limited");
      refused += 1;
    });
  }
  assert.equal(refused, 30);
  await join(deps, "person@example.org");
  assert.equal((await entries(deps)).length, limits.perDomain + 1);
  assert.equal((await mails(deps)).length, limits.perDomain + 1);
});

test("F3 plus-addresses of one mailbox are one entry", async (t) => {
  const deps = await testDeps(t);
  for (let i = 0; i < 20; i += 1) await join(deps, `ann+${i}@example.com`);
  assert.equal((await entries(deps)).length, 1);
  assert.equal((await mails(deps)).length, 1);
});

test("F3 ten thousand unconfirmed addresses stop at the daily cap, and a confirmed one leaves room", async (t) => {
  const deps = await testDeps(t);
  await sql`
    insert into app.waitlist (email, canonical, referral_code, token_hash)
    select 'x' || i || '@d' || i || '.example', 'x' || i || '@d' || i || '.example', 'c' || i, sha256(convert_to(i::text, 'UTF8'))
    from generate_series(1, ${limits.perDay}) i`.execute(deps.db);
  await assert.rejects(join(deps, "late@example.com"), { code: "rate_limited" });
  await sql`update app.waitlist set confirmed_at = now() where email = 'x1@d1.example'`.execute(deps.db);
  await join(deps, "late@example.com");
  assert.equal((await entries(deps)).length, limits.perDay + 1);
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

test("F4 a forged X-Forwarded-For counts as the one address it comes from", async (t) => {
  const deps = await testDeps(t);
  const app = await serveWaitlist(t, deps);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      app.inject({
        method: "POST",
        url: "/waitlist",
        headers: { "x-forwarded-for": `10.1.${i}.7`, "fly-client-ip": `10.2.${i}.7` },
        payload: { email: `a${i}@example.com` },
      }),
    ),
  );
  const passed = answers.filter(({ statusCode }) => statusCode === 200).length;
  assert.equal(passed, limits.perAddress);
  assert.ok(answers.every(({ statusCode }) => statusCode === 200 || statusCode === 429));
  assert.equal((await entries(deps)).length, limits.perAddress);
});

test("addresses of one IPv6 network count together, and a minute later they may again", () => {
  const clock = manualClock();
  const limit = new AddressLimit(clock, 2);
  limit.count("2001:db8:1:2::1");
  limit.count("2001:db8:1:2:ffff::9");
  assert.throws(() => limit.count("2001:db8:1:2:3:4:5:6"), { code: "rate_limited" });
  limit.count("2001:db8:1:3::1");
  clock.advance(60_001);
  limit.count("2001:db8:1:2::1");
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
