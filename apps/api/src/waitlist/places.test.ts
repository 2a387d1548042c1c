/** A place on the waitlist: confirmed, moved up, invited, left, deleted, forgotten and exported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock, testDeps } from "../testing/deps.ts";
import { confirmWaitlist } from "./confirm-waitlist.ts";
import { exportWaitlist } from "./export-waitlist.ts";
import { inviteBatch } from "./invite-batch.ts";
import { deleteFromWaitlist, leaveWaitlist } from "./leave-waitlist.ts";
import { purgeWaitlist } from "./purge-waitlist.job.ts";
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

test("leaving deletes the entry and its mails, and says nothing about either", async (t) => {
  const deps = await testDeps(t);
  const row = await joinAndConfirm(deps, "ann@example.com");
  await leaveWaitlist(deps, tokenOf(deps, row.id));
  await leaveWaitlist(deps, tokenOf(deps, row.id));
  assert.deepEqual([await entries(deps), await mails(deps)], [[], []]);
});

test("an operator deletes a mailbox however it is written", async (t) => {
  const deps = await testDeps(t);
  await join(deps, "ann+list@example.com");
  assert.equal(await deleteFromWaitlist(deps, " Ann@Example.com"), true);
  assert.equal(await deleteFromWaitlist(deps, "ann@example.com"), false);
  assert.deepEqual([await entries(deps), await mails(deps)], [[], []]);
});

test("addresses that never confirm are forgotten after 14 days, confirmed ones stay", async (t) => {
  const clock = manualClock();
  const deps = await testDeps(t, { clock });
  await joinAndConfirm(deps, "stays@example.com");
  await join(deps, "goes@example.org");
  clock.advance(14 * 24 * 60 * 60_000 + 1);
  assert.equal(
    await purgeWaitlist(deps, AbortSignal.timeout(5_000)),
    "deleted 1 addresses that were never confirmed",
  );
  assert.deepEqual(
    (await entries(deps)).map(({ email }) => email),
    ["stays@example.com"],
  );
  assert.deepEqual(
    (await mails(deps)).map(({ recipient }) => recipient),
    ["stays@example.com"],
  );
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
