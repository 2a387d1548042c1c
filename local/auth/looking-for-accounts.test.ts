/** What strangers learn of other people's accounts, which is nothing, and how odd addresses are read. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { post, shareWorld, world } from "./testing/shared-world.ts";
import { errorOf, password } from "./testing/world.ts";

shareWorld({ each: { autoconfirm: true, resetLimits: true }, env: { RATE_LIMIT_SCALE: "100" } });

suite("looking for accounts", () => {
  test("F1 fifty sign-ups at once with one address make one account", async () => {
    const email = world.address();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => post("/signup", { email: ` ${email.toUpperCase()}`, password })),
    );
    assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
    const codes = new Set(answers.map((answer) => answer.headers.get("x-sb-error-code") ?? "ok"));
    assert.deepEqual([...codes].sort(), ["ok", "user_already_exists"]);
    const { rows } = await world.db.query("select from auth.users where email = $1", [email]);
    assert.equal(rows.length, 1);
  });

  test("F1 with confirmation, fifty at once make one account and one mail", async () => {
    await world.control({ autoconfirm: false });
    const email = world.address();
    const answers = await Promise.all(Array.from({ length: 50 }, () => post("/signup", { email, password })));
    const statuses = answers.map((answer) => answer.status).sort();
    assert.deepEqual(statuses, [200, ...Array.from({ length: 49 }, () => 429)]);
    const { rows } = await world.db.query("select from auth.users where email = $1", [email]);
    assert.equal(rows.length, 1);
    await world.mail(email);
  });

  test("F2 a known and an unknown address get the same bytes from every door", async () => {
    await world.control({ autoconfirm: true });
    const known = world.address();
    await world.client().signUp({ email: known, password });
    await world.control({ autoconfirm: false });
    const bodies = [
      { path: "/signup", body: { password, data: { a: 1 } } },
      { path: "/otp", body: { create_user: true } },
      { path: "/recover", body: {} },
      { path: "/resend", body: { type: "signup" } },
      { path: "/resend", body: { type: "email_change" } },
      { path: "/verify", body: { type: "email", token: "123456" } },
      { path: "/token?grant_type=password", body: { password: "wrong password" } },
    ];
    for (const { path, body } of bodies) {
      // The second call of each: the limits must not tell either.
      for (const round of ["first", "second"]) {
        const shapes = [];
        for (const email of [known, `${"x".repeat(known.indexOf("@"))}${known.slice(known.indexOf("@"))}`]) {
          const answer = await post(path, { ...body, email });
          shapes.push([
            answer.status,
            [...answer.headers.keys()].sort().join(),
            scrub(await answer.text(), email),
          ]);
        }
        assert.deepEqual(shapes[0], shapes[1], `${path}, ${round} call`);
      }
      await world.control({ resetLimits: true });
    }
  });

  test("F2 the mailbox of a known address is told what the screen does not say", async () => {
    const known = world.address();
    await world.client().signUp({ email: known, password });
    await world.control({ autoconfirm: false });
    await post("/signup", { email: known, password: "another good password" });
    const mail = await world.mail(known);
    assert.equal(mail.subject, "You already have a Molt-OS account");
    assert.equal(mail.code, null);
    assert.equal(
      (await world.client().signInWithPassword({ email: known, password })).error,
      null,
      "untouched",
    );
  });

  for (const { name, email, canonical } of [
    { name: "capital letters", email: "Some.One@EXAMPLE.com", canonical: "some.one@example.com" },
    { name: "blanks around it", email: "  some.one@example.com\t", canonical: "some.one@example.com" },
    { name: "a dot behind the domain", email: "some.one@example.com.", canonical: "some.one@example.com" },
    { name: "full-width letters", email: "ｓome.one@example.com", canonical: "some.one@example.com" },
    { name: "the Kelvin sign for k", email: "\u212Aelvin@example.com", canonical: "kelvin@example.com" },
    {
      name: "a domain with an umlaut, composed",
      email: "a@b\u00FCcher.example",
      canonical: "a@xn--bcher-kva.example",
    },
    {
      name: "a domain with an umlaut, decomposed",
      email: "a@bu\u0308cher.example",
      canonical: "a@xn--bcher-kva.example",
    },
  ]) {
    test(`F12 ${name} is the one spelling of that mailbox`, async () => {
      await world.db.query("delete from auth.users where email = $1", [canonical]);
      const { data } = await world.client().signUp({ email, password });
      assert.equal(data.user?.email, canonical);
      assert.deepEqual(errorOf(await world.client().signUp({ email: canonical, password })), [
        422,
        "user_already_exists",
      ]);
    });
  }

  for (const { name, email } of [
    { name: "a dotless i", email: "ad\u0131n@example.com" },
    { name: "a right-to-left mark", email: "ada\u200F@example.com" },
    { name: "a zero-width blank", email: "a\u200Bda@example.com" },
    { name: "two @", email: "ada@evil.example@example.com" },
    { name: "a line break", email: "ada@example.com\r\nBcc: all@example.com" },
    { name: "NUL", email: "ada\0@example.com" },
    { name: "two dots", email: "a..da@example.com" },
    { name: "quotes", email: '"ada"@example.com' },
    { name: "an address as domain", email: "ada@127.0.0.1:25" },
  ]) {
    test(`F12 ${name} is refused, not guessed at`, async () => {
      const answer = await post("/signup", { email, password });
      assert.deepEqual([answer.status, answer.headers.get("x-sb-error-code")], [400, "validation_failed"]);
    });
  }
});

/** What may differ between two honest answers: ids, times, seconds to wait, and the address itself. */
function scrub(body: string, email: string): string {
  return body
    .replaceAll(email, "EMAIL")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/after \d+ seconds/g, "after N seconds");
}
