/** How much of the list one network, one domain and all strangers together may take, and what they are told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { manualClock, testDeps } from "../testing/deps.ts";
import { AddressLimit, isLarge, limits, perDay, perMinute, perSiteDay } from "./limits.ts";
import { entries, join, joinAndConfirm, mails, serveWaitlist } from "./testing/list.ts";

test("F3 ten thousand unconfirmed addresses stop at the daily cap, and a confirmed one leaves room", async (t) => {
  const deps = await testDeps(t);
  await sql`
    insert into app.waitlist (email, canonical, referral_code, token_hash)
    select 'x' || i || '@d' || i || '.example', 'x' || i || '@d' || i || '.example', 'c' || i, sha256(convert_to(i::text, 'UTF8'))
    from generate_series(1, ${limits.perDay}) i`.execute(deps.db);
  await sql`insert into app.waitlist_posts (domain, at) select domain, created_at from app.waitlist`.execute(
    deps.db,
  );
  await assert.rejects(join(deps, "late@example.com"), { code: "rate_limited" });
  await sql`update app.waitlist set confirmed_at = now() where email = 'x1@d1.example'`.execute(deps.db);
  await join(deps, "late@example.com");
  assert.equal((await entries(deps)).length, limits.perDay + 1);
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
  const limit = new AddressLimit(clock, perMinute(2));
  limit.count("2001:db8:1:2::1");
  limit.count("2001:db8:1:2:ffff::9");
  assert.throws(() => limit.count("2001:db8:1:2:3:4:5:6"), { code: "rate_limited" });
  limit.count("2001:db8:1:3::1");
  clock.advance(60_001);
  limit.count("2001:db8:1:2::1");
});

test("a network may send so much a day, however slowly, and what the minute refuses is not counted", () => {
  const clock = manualClock();
  const limit = new AddressLimit(clock, perMinute(5), perDay(15));
  for (let i = 0; i < 20; i += 1) {
    const send = () => limit.count("192.0.2.1");
    if (i < 5) send();
    else assert.throws(send, { code: "rate_limited", reason: undefined });
  }
  for (let i = 5; i < 15; i += 1) {
    clock.advance(60_001);
    limit.count("192.0.2.1");
  }
  clock.advance(60_001);
  assert.throws(() => limit.count("192.0.2.1"), { code: "rate_limited", reason: "network_today" });
  limit.count("192.0.2.2");
  clock.advance(24 * 60 * 60_000);
  limit.count("192.0.2.1");
});

test("all networks of one IPv6 customer count together as well, and IPv4 has no such", () => {
  const limit = new AddressLimit(manualClock(), perSiteDay(3));
  for (let i = 1; i <= 3; i += 1) limit.count(`2001:db8:1:${i}::1`);
  assert.throws(() => limit.count("2001:db8:1:ffff::1"), { reason: "network_today" });
  limit.count("2001:db8:2::1");
  for (let i = 0; i < 9; i += 1) limit.count("192.0.2.1");
});

test("F2 the limit of a domain tells nobody who is on the list", async (t) => {
  const takenAfter = async (known: string) => {
    const deps = await testDeps(t);
    await joinAndConfirm(deps, "boss@firm.example");
    for (let i = 0; i < limits.perDomain - 2; i += 1) await join(deps, `n${i}@firm.example`);
    await join(deps, known);
    return join(deps, "last@firm.example").then(
      () => "taken",
      (error: unknown) => (error as { reason?: string }).reason,
    );
  };
  assert.deepEqual(
    [await takenAfter("boss@firm.example"), await takenAfter("nobody@firm.example")],
    ["full_today", "full_today"],
  );
});

test("whoever has a mailbox at a large provider owns no domain", () => {
  for (const domain of ["protonmail.com", "yahoo.co.uk", "outlook.de", "gmx.at", "me.com", "posteo.de"])
    assert.ok(isLarge(domain), domain);
  assert.equal(isLarge("firm.example"), false);
});

test("one network cannot close the list, and a list that is full says so to known and unknown alike", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock: { ...clock, sleep: async () => undefined } });
  const app = await serveWaitlist(t, deps);
  const post = async (remoteAddress: string, email: string) => {
    const answer = await app.inject({ method: "POST", url: "/waitlist", remoteAddress, payload: { email } });
    const body = answer.json<{ error?: { code: string; message: string; reason?: string } }>();
    return [answer.statusCode, body.error?.code, body.error?.reason, body.error?.message];
  };
  let taken = 0;
  for (let i = 0; i < 30; i += 1) {
    if ((await post("192.0.2.1", `invented${i}@gmail.com`))[0] === 200) taken += 1;
    clock.advance(60_001);
  }
  assert.equal(taken, limits.perAddressDay);
  await sql`
    insert into app.waitlist (email, canonical, referral_code, token_hash, created_at, asked_at)
    select name, name, name, sha256(name::bytea), ${clock.now()}, ${clock.now()}
    from (select 'x' || i || '@gmail.com' as name from generate_series(1, ${limits.perLargeDomain}) i) names`.execute(
    deps.db,
  );
  await sql`insert into app.waitlist_posts (domain, at) select domain, created_at from app.waitlist`.execute(
    deps.db,
  );
  const full = [
    429,
    "rate_limited",
    "full_today",
    "The list takes no more today. Please try again tomorrow.",
  ];
  assert.deepEqual(await post("192.0.2.2", "x1@gmail.com"), full);
  assert.deepEqual(await post("192.0.2.3", "somebody.new@gmail.com"), full);
  assert.equal((await post("192.0.2.4", "somebody@example.org"))[0], 200);
});

test("whoever owns a domain gains nothing by confirming at once, nor by inventing names below it", async (t) => {
  const deps = await testDeps(t);
  for (let i = 0; i < limits.perDomain; i += 1) await joinAndConfirm(deps, `n${i}@n${i}.catchall.co.uk`);
  await assert.rejects(join(deps, "next@catchall.co.uk"), { code: "rate_limited", reason: "full_today" });
  await join(deps, "ann@example.co.uk");
});

test("confirmed people of a large provider leave room for others", async (t) => {
  const deps = await testDeps(t);
  await sql`
    insert into app.waitlist (email, canonical, referral_code, token_hash, confirmed_at)
    select name, name, name, sha256(name::bytea), now()
    from (select 'x' || i || '@gmail.com' as name from generate_series(1, ${limits.perLargeDomain}) i) names`.execute(
    deps.db,
  );
  await join(deps, "ann@gmail.com");
  assert.equal((await mails(deps)).length, 1);
});

test("a domain is what somebody bought, not a name below it", async (t) => {
  const { db } = await testDeps(t);
  for (const [address, owned] of [
    ["ann@example.com", "example.com"],
    ["ann@a.b.example.com", "example.com"],
    ["ann@a.example.co.uk", "example.co.uk"],
    ["ann@co.uk", "co.uk"],
    ["ann@mail.gmx.de", "gmx.de"],
  ] as const) {
    const { rows } = await sql`select app.mail_domain(${address}) as owned`.execute(db);
    assert.deepEqual(rows, [{ owned }], address);
  }
});
