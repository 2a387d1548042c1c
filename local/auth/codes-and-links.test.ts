/** What strangers try with a mailed code or link: use it twice, guess it, have it lead elsewhere. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { post, shareWorld, world } from "./testing/shared-world.ts";
import { password, siteUrl } from "./testing/world.ts";

shareWorld({ each: { autoconfirm: true, resetLimits: true }, env: { RATE_LIMIT_SCALE: "100" } });

suite("codes", () => {
  const asked = async (): Promise<{ email: string; code: string; link: string }> => {
    const email = world.address();
    await world.client().signInWithOtp({ email });
    const mail = await world.mail(email);
    return { email, code: mail.code ?? "", link: mail.links[0] ?? "" };
  };
  const verify = (email: string, token: string, type = "email"): Promise<Response> =>
    post("/verify", { type, email, token });
  const wrongOf = (code: string, by: number): string =>
    String((Number(code) + by) % 1_000_000).padStart(6, "0");

  test("F6 a code is for one use", async () => {
    const { email, code } = await asked();
    assert.equal((await verify(email, code)).status, 200);
    assert.equal((await verify(email, code)).status, 403);
  });

  test("F6 of twenty uses at once one succeeds", async () => {
    const { email, code } = await asked();
    const answers = await Promise.all(Array.from({ length: 20 }, () => verify(email, code)));
    assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
  });

  test("F6 the code and the link of one mail are one use together", async () => {
    const { email, code, link } = await asked();
    assert.equal((await verify(email, code)).status, 200);
    const late = await fetch(link, { redirect: "manual" });
    assert.match(late.headers.get("location") ?? "", /error_code=otp_expired/);
  });

  test("F6 a code is void after ten minutes, and good just before", async () => {
    const old = await asked();
    await world.control({ advanceMs: 10 * 60_000 + 1_000 });
    assert.equal((await verify(old.email, old.code)).status, 403);
    const young = await asked();
    await world.control({ advanceMs: 9 * 60_000 });
    assert.equal((await verify(young.email, young.code)).status, 200);
  });

  test("F6 five wrong tries void a code, also when they come at once", async () => {
    const { email, code } = await asked();
    await Promise.all(Array.from({ length: 5 }, (_, index) => verify(email, wrongOf(code, index + 1))));
    const answer = await verify(email, code);
    assert.deepEqual([answer.status, answer.headers.get("x-sb-error-code")], [403, "otp_expired"]);
  });

  test("F6 four wrong tries leave it good, and blanks in it do not matter", async () => {
    const { email, code } = await asked();
    for (let by = 1; by <= 4; by += 1) assert.equal((await verify(email, wrongOf(code, by))).status, 403);
    assert.equal((await verify(email, `${code.slice(0, 3)} ${code.slice(3)}`)).status, 200);
  });

  test("F6 a code is no good for another account or another purpose", async () => {
    const mine = await asked();
    const yours = await asked();
    if (mine.code !== yours.code) assert.equal((await verify(yours.email, mine.code)).status, 403);
    for (const type of ["recovery", "signup", "invite", "email_change"]) {
      assert.equal((await verify(mine.email, mine.code, type)).status, 403, type);
    }
    assert.equal((await verify(mine.email, mine.code)).status, 200);
  });

  test("F6 no table holds a code, a link or a password as it is", async () => {
    const { email, code, link } = await asked();
    const token = new URL(link).searchParams.get("token") ?? "";
    const { data } = await world.client().signUp({ email: world.address(), password });
    const secrets = [token, password, data.session?.refresh_token, data.session?.access_token];
    const { rows } = await world.db.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'auth'",
    );
    assert.ok(rows.length >= 7);
    for (const { name } of rows) {
      const dump = JSON.stringify((await world.db.query(`select to_jsonb(t) as row from ${name} t`)).rows);
      for (const secret of secrets) assert.ok(secret && !dump.includes(secret), name);
    }
    const codes = await world.db.query(
      "select to_jsonb(c) as row from auth.one_time_codes c where address = $1",
      [email],
    );
    assert.ok(!JSON.stringify(codes.rows).includes(`"${code}"`));
  });
});

suite("F11 targets of links", () => {
  for (const target of [
    "https://evil.example",
    "https://evil.example/chat",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "data:text/html,hi",
    "vbscript:x",
    "http://127.0.0.1:4701.evil.example/chat",
    "http://127.0.0.1:4701@evil.example/chat",
    "http://evil.example#http://127.0.0.1:4701/chat",
    "http://evil.example?http://127.0.0.1:4701/chat",
    "http://127.0.0.1:4701/chat/../admin",
    "http://127.0.0.1:4701/chat?next=//evil.example",
    "http://127.0.0.1:4702/chat",
    "https://127.0.0.1:4701/chat",
    "http://127.0.0.1:4701/chatter",
    "http://user:pass@127.0.0.1:4701/chat",
    "moltos://sign-in/../other",
    "moltos://evil",
    "\u0000http://127.0.0.1:4701/chat",
    "http://127.0.0.1:4701/chat\r\nSet-Cookie: a=b",
    "x".repeat(5_000),
    "",
  ]) {
    test(`F11 ${JSON.stringify(target.slice(0, 60))} leads to the site itself`, async () => {
      const query = new URLSearchParams({ token: "unknown", type: "signup", redirect_to: target });
      const answer = await world.raw(`/auth/v1/verify?${query.toString()}`);
      assert.equal(answer.status, 303);
      const location = answer.headers.get("location") ?? "";
      assert.ok(
        location.startsWith(`${siteUrl}/#error=access_denied`) ||
          location.startsWith(`${siteUrl}/chat#error=`),
        location,
      );
      if (!target.includes("Set-Cookie") && !target.includes("\0"))
        assert.ok(location.startsWith(`${siteUrl}/#`), location);
      assert.equal(answer.headers.get("set-cookie"), null);
    });
  }
  for (const target of [`${siteUrl}/chat`, "HTTP://127.0.0.1:4701/chat", "moltos://sign-in", siteUrl]) {
    test(`F11 ${target} is allowed`, async () => {
      const query = new URLSearchParams({ token: "unknown", type: "signup", redirect_to: target });
      const location = (await world.raw(`/auth/v1/verify?${query.toString()}`)).headers.get("location") ?? "";
      assert.equal(location.split("#")[0], new URL(target).href);
    });
  }
});
