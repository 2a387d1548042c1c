/** What strangers try: forged tokens, guessing, looking for accounts, odd addresses, foreign targets. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, suite, test } from "node:test";

import { exportSPKI, generateKeyPair, importJWK, SignJWT } from "jose";
import type { JWK } from "jose";

import { errorOf, password, siteUrl, startWorld } from "./testing/world.ts";
import type { World } from "./testing/world.ts";

const cleanups: (() => Promise<unknown>)[] = [];
let world: World;
before(async () => {
  world = await startWorld({ after: (work) => void cleanups.unshift(work) }, { RATE_LIMIT_SCALE: "100" });
});
after(async () => {
  for (const cleanup of cleanups) await cleanup();
});
beforeEach(async () => {
  await world.control({ autoconfirm: true, resetLimits: true });
});

const json = { apikey: "sb_publishable_test", "content-type": "application/json" };

function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return world.raw(`/auth/v1${path}`, {
    method: "POST",
    headers: { ...json, "x-supabase-api-version": "2024-01-01", ...headers },
    body: JSON.stringify(body),
  });
}

suite("F8 forged access tokens", () => {
  interface Forger {
    claims: Record<string, unknown>;
    kid: string;
    jwk: JWK;
    now: number;
  }
  let forger: Forger;
  before(async () => {
    const { data } = await world.client().signUp({ email: world.address(), password });
    const token = data.session?.access_token ?? "";
    const [head, body] = token
      .split(".", 2)
      .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>);
    assert.ok(head && body);
    const file = JSON.parse(await readFile(join(world.dataDir, "auth-keys.json"), "utf8")) as {
      keys: { kid: string; jwk: JWK }[];
    };
    const own = file.keys.find((key) => key.kid === head["kid"]);
    assert.ok(own);
    forger = {
      claims: body,
      kid: own.kid,
      jwk: own.jwk,
      now: Math.floor(Date.now() / 1000),
    };
  });

  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  /** Signed with the service's own key: only the claims are wrong. */
  const signed = async (claims: Record<string, unknown>, header: object = {}): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid: forger.kid, typ: "JWT", ...header })
      .sign(await importJWK(forger.jwk, "ES256"));
  const hmac = (header: object, key: string | Buffer): string => {
    const text = `${part(header)}.${part(forger.claims)}`;
    return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
  };
  const spki = async (): Promise<string> => {
    const { d: _private, ...jwk } = forger.jwk;
    const key = await importJWK({ ...jwk, ext: true }, "ES256");
    assert.ok(!(key instanceof Uint8Array));
    return exportSPKI(key);
  };
  const without = (name: string): Record<string, unknown> => {
    const { [name]: _gone, ...rest } = forger.claims;
    return rest;
  };

  test("a token made the same way with honest claims is accepted, so the table below can fail", async () => {
    assert.equal((await world.client().getUser(await signed(forger.claims))).error, null);
  });

  const cases: { name: string; make: () => string | Promise<string> }[] = [
    { name: "alg none, no signature", make: () => `${part({ alg: "none" })}.${part(forger.claims)}.` },
    {
      name: "alg None in other case",
      make: () => `${part({ alg: "nOnE", kid: forger.kid })}.${part(forger.claims)}.`,
    },
    {
      name: "HS256 with the public key as its secret",
      make: async () => hmac({ alg: "HS256", kid: forger.kid }, await spki()),
    },
    {
      name: "HS256 with the public JWK as its secret",
      make: () => hmac({ alg: "HS256", kid: forger.kid }, String(forger.jwk.x)),
    },
    { name: "HS256 with an empty secret", make: () => hmac({ alg: "HS256", kid: forger.kid }, "") },
    {
      name: "another key under our key id",
      make: async () => {
        const { privateKey } = await generateKeyPair("ES256");
        return new SignJWT(forger.claims)
          .setProtectedHeader({ alg: "ES256", kid: forger.kid })
          .sign(privateKey);
      },
    },
    {
      name: "another key brought along in the header",
      make: async () => {
        const { privateKey } = await generateKeyPair("ES256", { extractable: true });
        const { d: _private, ...jwk } = forger.jwk;
        return new SignJWT(forger.claims).setProtectedHeader({ alg: "ES256", jwk }).sign(privateKey);
      },
    },
    {
      name: "a jku that leads elsewhere",
      make: () => signed(forger.claims, { kid: "x", jku: "http://127.0.0.1:1/jwks" }),
    },
    { name: "an unknown key id", make: () => signed(forger.claims, { kid: "unknown" }) },
    { name: "a key id that is a path", make: () => signed(forger.claims, { kid: "../../../dev/null" }) },
    { name: "no key id", make: () => signed(forger.claims, { kid: undefined }) },
    {
      name: "a critical header nobody knows",
      make: async () => {
        const body = `${part({ alg: "ES256", kid: forger.kid, crit: ["x"], x: 1 })}.${part(forger.claims)}`;
        return `${body}.${(await signed(forger.claims)).split(".")[2]}`;
      },
    },
    { name: "another issuer", make: () => signed({ ...forger.claims, iss: "https://evil.example/auth/v1" }) },
    { name: "no issuer", make: () => signed(without("iss")) },
    { name: "another audience", make: () => signed({ ...forger.claims, aud: "anon" }) },
    { name: "no audience", make: () => signed(without("aud")) },
    { name: "an expiry in the past", make: () => signed({ ...forger.claims, exp: forger.now - 1 }) },
    { name: "no expiry", make: () => signed(without("exp")) },
    { name: "a start in the future", make: () => signed({ ...forger.claims, nbf: forger.now + 3_600 }) },
    { name: "no session", make: () => signed(without("session_id")) },
    { name: "a user that is not an id", make: () => signed({ ...forger.claims, sub: "1' or '1'='1" }) },
    {
      name: "a changed claim under the old signature",
      make: async () => {
        const [head, , signature] = (await signed(forger.claims)).split(".");
        return `${head}.${part({ ...forger.claims, role: "service_role" })}.${signature}`;
      },
    },
    { name: "no signature", make: async () => (await signed(forger.claims)).replace(/\.[^.]+$/, ".") },
    { name: "five parts", make: async () => `${await signed(forger.claims)}.a.b` },
  ];
  for (const { name, make } of cases) {
    test(`F8 ${name} is refused`, async () => {
      const answer = await world.raw("/auth/v1/user", {
        headers: { ...json, "x-supabase-api-version": "2024-01-01", authorization: `Bearer ${await make()}` },
      });
      assert.deepEqual([answer.status, answer.headers.get("x-sb-error-code")], [403, "bad_jwt"]);
    });
  }

  test("F8 an honest token of a session that never was is refused as such", async () => {
    const token = await signed({ ...forger.claims, session_id: "00000000-0000-4000-8000-000000000000" });
    assert.equal((await world.client().getUser(token)).error?.name, "AuthSessionMissingError");
  });
});

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

/** What may differ between two honest answers: ids, times, seconds to wait, and the address itself. */
function scrub(body: string, email: string): string {
  return body
    .replaceAll(email, "EMAIL")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/after \d+ seconds/g, "after N seconds");
}
