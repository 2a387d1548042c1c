/** A place on the waitlist: confirmed, moved up, invited, deleted and exported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { makeUser, manualClock, testDeps } from "../testing/deps.ts";
import { confirmWaitlist } from "./confirm-waitlist.ts";
import { exportWaitlist } from "./export-waitlist.ts";
import { inviteBatch } from "./invite-batch.ts";
import { deleteFromWaitlist } from "./leave-waitlist.ts";
import { entries, join, joinAndConfirm, mails, serveWaitlist, tokenOf } from "./testing/list.ts";

test("a person joins over a real connection, confirms and leaves", async (t) => {
  const deps = await testDeps(t);
  const app = await serveWaitlist(t, deps);
  const base = await app.listen({ host: "127.0.0.1", port: 0 });
  const ask = async (path: string, body: object) => {
    const answer = await fetch(base + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return [answer.status, await answer.json()];
  };
  assert.deepEqual(await ask("/waitlist", { email: "ann@example.com", language: "de" }), [200, { ok: true }]);
  const [row] = await entries(deps);
  assert.ok(row);
  const token = tokenOf(deps, row.id);
  const place = { position: 1, referralCode: row.referral_code };
  assert.deepEqual(await ask("/waitlist/confirm", { token }), [200, place]);
  assert.deepEqual(await ask("/waitlist/leave", { token }), [200, { ok: true }]);
  assert.equal((await ask("/waitlist/confirm", { token }))[0], 404);
});

test("confirming twice is confirming once, and an unknown token says so", async (t) => {
  const deps = await testDeps(t);
  const row = await joinAndConfirm(deps, "ann@example.com");
  assert.deepEqual(await confirmWaitlist(deps, tokenOf(deps, row.id)), {
    position: 1,
    referralCode: row.referral_code,
  });
  await assert.rejects(confirmWaitlist(deps, "x".repeat(43)), { code: "not_found" });
});

test("friends who confirm move one up ten places each, and unconfirmed ones move nobody", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  for (let i = 0; i < 14; i += 1) {
    await joinAndConfirm(deps, `early${i}@example.org`);
    clock.advance(1_000);
  }
  const ann = await joinAndConfirm(deps, "ann@example.com");
  clock.advance(1_000);
  await join(deps, "maybe@example.net", { referredBy: ann.referral_code });
  assert.equal((await confirmWaitlist(deps, tokenOf(deps, ann.id))).position, 15);
  await joinAndConfirm(deps, "friend@example.net", { referredBy: ann.referral_code });
  assert.equal((await confirmWaitlist(deps, tokenOf(deps, ann.id))).position, 6);
});

test("of one small domain two friends count, of a large one all of the first twenty", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  await sql`
    insert into app.waitlist (email, canonical, referral_code, token_hash, created_at, confirmed_at)
    select name, name, name, sha256(name::bytea), ${clock.now()}, ${clock.now()}
    from (select 'early' || i || '@example.org' as name from generate_series(1, 250) i) names`.execute(
    deps.db,
  );
  clock.advance(1_000);
  const ann = await joinAndConfirm(deps, "ann@example.com");
  clock.advance(1_000);
  const bring = async (count: number, address: (i: number) => string) => {
    for (let i = 0; i < count; i += 1)
      await joinAndConfirm(deps, address(i), { referredBy: ann.referral_code });
    return (await confirmWaitlist(deps, tokenOf(deps, ann.id))).position;
  };
  assert.equal(await bring(0, String), 251);
  assert.equal(await bring(6, (i) => `invented${i}@n${i}.catchall.example`), 252 - 20);
  assert.equal(await bring(3, (i) => `friend${i}@gmail.com`), 252 - 50);
  assert.equal(await bring(20, (i) => `other${i}@gmail.com`), 252 - 200);
});

test("who was invited has no place any more, whatever link they open", async (t) => {
  const deps = await testDeps(t);
  const ann = await joinAndConfirm(deps, "ann@example.com");
  await inviteBatch(deps, 1);
  const app = await serveWaitlist(t, deps);
  const payload = { token: tokenOf(deps, ann.id) };
  const answer = await app.inject({ method: "POST", url: "/waitlist/confirm", payload });
  assert.deepEqual(answer.json(), { position: null, referralCode: ann.referral_code });
});

test("nobody is invited who has an account already, however the address is written", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  await makeUser(deps, "a.n.n@googlemail.com");
  const ann = await joinAndConfirm(deps, "ann+list@gmail.com");
  clock.advance(1_000);
  const bob = await joinAndConfirm(deps, "bob@example.com");
  assert.equal((await confirmWaitlist(deps, tokenOf(deps, bob.id))).position, 1);
  assert.equal((await confirmWaitlist(deps, tokenOf(deps, ann.id))).position, 1);
  assert.deepEqual(await inviteBatch(deps, 10), ["bob@example.com"]);
});

test("an operator invites the first of the list once, also when two do it together", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  for (let i = 0; i < 6; i += 1) {
    await joinAndConfirm(deps, `p${i}@example.org`);
    clock.advance(1_000);
  }
  await join(deps, "unconfirmed@example.com");
  const [a, b] = await Promise.all([inviteBatch(deps, 2), inviteBatch(deps, 2)]);
  assert.deepEqual(
    [...a, ...b].toSorted(),
    ["p0", "p1", "p2", "p3"].map((name) => `${name}@example.org`),
  );
  assert.deepEqual((await inviteBatch(deps, 10)).toSorted(), ["p4@example.org", "p5@example.org"]);
  assert.deepEqual(await inviteBatch(deps, 10), []);
  assert.equal((await mails(deps)).filter(({ template }) => template === "waitlist-invitation").length, 6);
  await assert.rejects(inviteBatch(deps, 0), RangeError);
});

test("an operator deletes a mailbox however it is written", async (t) => {
  const deps = await testDeps(t);
  await join(deps, "ann+list@example.com");
  assert.equal(await deleteFromWaitlist(deps, " Ann@Example.com"), true);
  assert.equal(await deleteFromWaitlist(deps, "ann@example.com"), false);
  assert.deepEqual([await entries(deps), await mails(deps)], [[], []]);
});

test("the export is a spreadsheet in which a stranger's words stay words", async (t) => {
  const deps = await testDeps(t);
  await join(deps, "ann@example.com", { source: '=HYPERLINK("http://evil.example")', campaign: "a,b" });
  let csv = "";
  for await (const line of exportWaitlist(deps)) csv += line;
  const lines = csv.split("\r\n");
  assert.equal(lines.length, 3);
  assert.ok(lines[1]?.startsWith(`ann@example.com,en,"'=HYPERLINK(""http://evil.example"")","a,b",`), csv);
});
