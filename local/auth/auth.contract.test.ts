/**
 * What the unmodified official client may expect of the service: every call of the contract, first
 * with accounts that are confirmed at once, then with a mailed code.
 */
import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";

import type { AuthError } from "@supabase/auth-js";

import { errorOf, password, siteUrl, startWorld } from "./testing/world.ts";
import type { TestMail, World } from "./testing/world.ts";

const cleanups: (() => Promise<unknown>)[] = [];
let world: World;
before(async () => {
  world = await startWorld({ after: (work) => void cleanups.unshift(work) });
});
after(async () => {
  for (const cleanup of cleanups) await cleanup();
});
beforeEach(async () => {
  await world.control({ autoconfirm: true, disableSignup: false, faults: [] });
});

/** A client that is signed in with a fresh account. */
async function member(email = world.address()) {
  const client = world.client();
  const { data, error } = await client.signUp({ email, password, options: { data: { name: "Ada" } } });
  assert.equal(error, null);
  assert.ok(data.session && data.user);
  return { client, email, session: data.session, user: data.user };
}

suite("accounts that are confirmed at once", () => {
  test("a sign-up answers a session and the whole user", async () => {
    const { session, user, email } = await member("Grace.Hopper@Example.com ");
    assert.equal(email, "Grace.Hopper@Example.com ");
    assert.equal(session.token_type, "bearer");
    assert.equal(session.expires_in, 900);
    const now = Date.now() / 1000;
    assert.ok(Math.abs((session.expires_at ?? 0) - now - 900) < 30);
    assert.equal(user.email, "grace.hopper@example.com");
    assert.equal(user.aud, "authenticated");
    assert.equal(user.role, "authenticated");
    assert.equal(user.phone, "");
    assert.equal(user.is_anonymous, false);
    assert.deepEqual(user.app_metadata, { provider: "email", providers: ["email"] });
    assert.deepEqual(user.user_metadata, { name: "Ada" });
    assert.ok(user.email_confirmed_at && user.confirmed_at && user.last_sign_in_at);
    const identity = user.identities?.[0];
    assert.equal(identity?.provider, "email");
    assert.equal(identity?.user_id, user.id);
    assert.deepEqual(identity?.identity_data, {
      sub: user.id,
      email: "grace.hopper@example.com",
      email_verified: true,
      phone_verified: false,
    });
    assert.ok(!("new_email" in user) && !("recovery_sent_at" in user), "empty times are omitted");
  });

  test("an access token has the claims of Supabase and is verified locally", async () => {
    const { client, user } = await member();
    const { data, error } = await client.getClaims();
    assert.equal(error, null);
    const claims = data?.claims;
    assert.ok(claims);
    assert.equal(data?.header.alg, "ES256");
    assert.equal(claims.iss, world.url);
    assert.equal(claims.sub, user.id);
    assert.equal(claims.aud, "authenticated");
    assert.equal(claims["role"], "authenticated");
    assert.equal(claims["aal"], "aal1");
    assert.equal(claims["email"], user.email);
    assert.equal(claims["phone"], "");
    assert.equal(claims["is_anonymous"], false);
    assert.equal(claims.exp - claims.iat, 900);
    assert.match(String(claims["session_id"]), /^[0-9a-f-]{36}$/);
    const amr = claims["amr"] as { method: string; timestamp: number }[];
    assert.deepEqual([amr.length, amr[0]?.method], [1, "password"]);
  });

  test("a known address cannot sign up again", async () => {
    const { email } = await member();
    assert.deepEqual(errorOf(await world.client().signUp({ email: email.toUpperCase(), password })), [
      422,
      "user_already_exists",
    ]);
  });

  test("a short password is weak, with the reason; a very long one is refused", async () => {
    const answer = await world.client().signUp({ email: world.address(), password: "short" });
    assert.deepEqual(errorOf(answer), [422, "weak_password"]);
    assert.deepEqual((answer.error as AuthError & { reasons: string[] }).reasons, ["length"]);
    const long = await world.client().signUp({ email: world.address(), password: "x".repeat(73) });
    assert.deepEqual(errorOf(long), [400, "validation_failed"]);
  });

  for (const { name, email } of [
    { name: "no address", email: "" },
    { name: "an address without a domain", email: "ada" },
    { name: "an address over 255 characters", email: `${"a".repeat(250)}@example.com` },
    { name: "a domain without a dot", email: "ada@localhost" },
  ]) {
    test(`${name} is refused as invalid`, async () => {
      const [status, code] = errorOf(await world.client().signUp({ email, password }));
      assert.ok(status === 400 || status === 422);
      assert.ok(code === "validation_failed" || code === "anonymous_provider_disabled", String(code));
    });
  }

  test("sign-ups can be switched off", async () => {
    await world.control({ disableSignup: true });
    const email = world.address();
    assert.deepEqual(errorOf(await world.client().signUp({ email, password })), [422, "signup_disabled"]);
    assert.deepEqual(errorOf(await world.client().signInWithOtp({ email })), [422, "signup_disabled"]);
  });

  test("signing in works with the right password, and one answer covers every wrong one", async () => {
    const { email, user } = await member();
    const right = await world.client().signInWithPassword({ email, password });
    assert.equal(right.data.user?.id, user.id);
    const wrong = await world.client().signInWithPassword({ email, password: "not the password" });
    const unknown = await world.client().signInWithPassword({ email: world.address(), password });
    assert.deepEqual(errorOf(wrong), [400, "invalid_credentials"]);
    assert.deepEqual(errorOf(unknown), errorOf(wrong));
    assert.equal(unknown.error?.message, wrong.error?.message);
  });

  test("F9 a banned user is told so at sign-in, refresh and every call; a deleted one is gone", async () => {
    const { client, email, user, session } = await member();
    await world.db.query("update auth.users set banned_until = now() + interval '1 hour' where id = $1", [
      user.id,
    ]);
    const other = world.client();
    assert.deepEqual(errorOf(await other.signInWithPassword({ email, password })), [400, "user_banned"]);
    assert.deepEqual(errorOf(await client.getUser(session.access_token)), [403, "user_banned"]);
    const refresh = { refresh_token: session.refresh_token };
    assert.deepEqual(errorOf(await other.refreshSession(refresh)), [400, "user_banned"]);
    await world.db.query("delete from auth.users where id = $1", [user.id]);
    assert.deepEqual(errorOf(await client.getUser(session.access_token)), [403, "user_not_found"]);
    // Another client: the first keeps a failure in mind for a minute.
    const gone = await world.client().refreshSession(refresh);
    assert.equal(gone.error?.name, "AuthSessionMissingError");
  });

  test("GET /user answers the bare user; each broken bearer has its own error", async () => {
    const { client, user, session } = await member();
    assert.equal((await client.getUser()).data.user?.id, user.id);
    const bare = await world.raw("/auth/v1/user", { headers: bearer(session.access_token) });
    assert.equal(((await bare.json()) as { id: string }).id, user.id);
    const none = await world.raw("/auth/v1/user", { headers: bearer() });
    assert.deepEqual([none.status, none.headers.get("x-sb-error-code")], [401, "no_authorization"]);
    assert.deepEqual(errorOf(await client.getUser("not.a.token")), [403, "bad_jwt"]);
  });

  test("metadata is merged, null removes, and app_metadata is not the user's", async () => {
    const { client, session } = await member();
    const changed = await client.updateUser({ data: { color: "red", name: null } });
    assert.deepEqual(changed.data.user?.user_metadata, { color: "red" });
    const forbidden = await world.raw("/auth/v1/user", {
      method: "PUT",
      headers: bearer(session.access_token),
      body: JSON.stringify({ app_metadata: { role: "admin" } }),
    });
    assert.deepEqual([forbidden.status, forbidden.headers.get("x-sb-error-code")], [403, "not_admin"]);
  });

  test("a new password must differ, ends the other sessions and voids codes that are out", async () => {
    const { client, email } = await member();
    const elsewhere = world.client();
    await elsewhere.signInWithPassword({ email, password });
    await client.resetPasswordForEmail(email);
    const { code } = await world.mail(email);
    assert.deepEqual(errorOf(await client.updateUser({ password })), [422, "same_password"]);
    assert.deepEqual(errorOf(await client.updateUser({ password: "tiny" })), [422, "weak_password"]);
    assert.equal((await client.updateUser({ password: "another good password" })).error, null);
    assert.equal((await client.getUser()).error, null, "the session that asked stays");
    assert.equal((await elsewhere.getUser()).error?.name, "AuthSessionMissingError");
    const late = await world.client().verifyOtp({ type: "recovery", email, token: code ?? "" });
    assert.deepEqual(errorOf(late), [403, "otp_expired"]);
    assert.deepEqual(errorOf(await world.client().signInWithPassword({ email, password })), [
      400,
      "invalid_credentials",
    ]);
    const fresh = await world.client().signInWithPassword({ email, password: "another good password" });
    assert.equal(fresh.error, null);
  });

  test("a current password that is sent along must be right", async () => {
    const { session } = await member();
    const put = (body: object): Promise<Response> =>
      world.raw("/auth/v1/user", {
        method: "PUT",
        headers: bearer(session.access_token),
        body: JSON.stringify(body),
      });
    const wrong = await put({ password: "another good password", current_password: "guess" });
    assert.deepEqual([wrong.status, wrong.headers.get("x-sb-error-code")], [400, "current_password_invalid"]);
    assert.equal((await put({ password: "another good password", current_password: password })).status, 200);
  });

  test("the address changes at once, and not to somebody else's", async () => {
    const { client } = await member();
    const taken = (await member()).email;
    assert.deepEqual(errorOf(await client.updateUser({ email: taken })), [422, "email_exists"]);
    const email = world.address();
    assert.equal((await client.updateUser({ email })).data.user?.email, email);
    assert.equal((await world.client().signInWithPassword({ email, password })).error, null);
  });

  for (const { scope, here, there } of [
    { scope: "local" as const, here: false, there: true },
    { scope: "others" as const, here: true, there: false },
    { scope: "global" as const, here: false, there: false },
  ]) {
    test(`signing out with scope ${scope} ends exactly those sessions`, async () => {
      const { client, email, session } = await member();
      const other = world.client();
      const { data } = await other.signInWithPassword({ email, password });
      assert.equal((await client.signOut({ scope })).error, null);
      const alive = async (token: string): Promise<boolean> =>
        (await world.client().getUser(token)).error === null;
      assert.equal(await alive(session.access_token), here);
      assert.equal(await alive(data.session?.access_token ?? ""), there);
      const left = await world.client().refreshSession({ refresh_token: session.refresh_token });
      assert.equal(left.error === null, here);
    });
  }

  test("the settings and the health say what this is", async () => {
    const settings = (await (await world.raw("/auth/v1/settings", { headers: bearer() })).json()) as {
      external: Record<string, boolean>;
      mailer_autoconfirm: boolean;
    };
    assert.deepEqual([settings.external["email"], settings.external["google"]], [true, false]);
    assert.equal(settings.mailer_autoconfirm, true);
    const health = (await (await world.raw("/auth/v1/health")).json()) as { name: string };
    assert.equal(health.name, "GoTrue");
  });

  test("the published keys can only verify, and may be cached", async () => {
    const answer = await world.raw("/auth/v1/.well-known/jwks.json");
    assert.equal(answer.headers.get("cache-control"), "public, max-age=600");
    const { keys } = (await answer.json()) as { keys: Record<string, unknown>[] };
    assert.equal(keys.length, 2, "the active and the next");
    for (const key of keys) {
      assert.deepEqual(Object.keys(key).sort(), [
        "alg",
        "crv",
        "ext",
        "key_ops",
        "kid",
        "kty",
        "use",
        "x",
        "y",
      ]);
      assert.deepEqual([key["alg"], key["use"], key["crv"]], ["ES256", "sig", "P-256"]);
    }
  });
});

suite("accounts that confirm by mail", () => {
  beforeEach(async () => {
    await world.control({ autoconfirm: false });
  });

  async function asked(email = world.address()) {
    const client = world.client();
    const { data, error } = await client.signUp({
      email,
      password,
      options: { emailRedirectTo: `${siteUrl}/chat` },
    });
    assert.equal(error, null);
    assert.equal(data.session, null);
    return { client, email, user: data.user };
  }

  test("a sign-up mails a code; the code confirms and signs in", async () => {
    const { client, email, user } = await asked();
    assert.ok(user?.confirmation_sent_at && !user.email_confirmed_at);
    assert.deepEqual(errorOf(await client.signInWithPassword({ email, password })), [
      400,
      "email_not_confirmed",
    ]);
    const mail = await world.mail(email);
    assert.match(mail.subject, /^\d{6} is your Molt-OS code$/);
    assert.match(mail.text, /valid for 10 minutes/);
    assert.ok(mail.html.includes(mail.code ?? "no code") && mail.html.includes("Molt-OS"));
    const { data, error } = await client.verifyOtp({ type: "signup", email, token: mail.code ?? "" });
    assert.equal(error, null);
    assert.equal(data.user?.id, user.id);
    assert.equal((await client.getUser()).data.user?.email, email);
    assert.equal((await world.client().signInWithPassword({ email, password })).error, null);
  });

  test("the link of the mail signs in by redirect, once", async () => {
    const { email } = await asked();
    const link = linkOf(await world.mail(email));
    assert.ok(link.startsWith(`${world.url}/verify?token=`));
    assert.equal(
      (await fetch(link, { method: "HEAD", redirect: "manual" })).status,
      404,
      "a scanner's HEAD uses nothing up",
    );
    const first = await fetch(link, { redirect: "manual" });
    assert.equal(first.status, 303);
    const target = new URL(first.headers.get("location") ?? "");
    assert.equal(target.href.split("#")[0], `${siteUrl}/chat`);
    const values = new URLSearchParams(target.hash.slice(1));
    assert.deepEqual(
      [values.get("type"), values.get("token_type"), values.get("expires_in")],
      ["signup", "bearer", "900"],
    );
    assert.ok(values.has("sb") && values.get("refresh_token") && values.get("expires_at"));
    const { data } = await world.client().getUser(values.get("access_token") ?? "");
    assert.equal(data.user?.email, email);
    const again = await fetch(link, { redirect: "manual" });
    const error = new URLSearchParams(new URL(again.headers.get("location") ?? "").hash.slice(1));
    assert.deepEqual([error.get("error"), error.get("error_code")], ["access_denied", "otp_expired"]);
  });

  test("the link's hash alone verifies, and together with an address is refused", async () => {
    const { email } = await asked();
    const link = new URL(linkOf(await world.mail(email)));
    const token_hash = link.searchParams.get("token") ?? "";
    const both = await world.raw("/auth/v1/verify", {
      method: "POST",
      headers: bearer(),
      body: JSON.stringify({ type: "signup", token_hash, email }),
    });
    assert.deepEqual([both.status, both.headers.get("x-sb-error-code")], [400, "validation_failed"]);
    const { data } = await world.client().verifyOtp({ type: "signup", token_hash });
    assert.equal(data.user?.email, email);
  });

  test("a PKCE client trades the link's code for a session, once and only with its verifier", async () => {
    const client = world.client({ flowType: "pkce" });
    const email = world.address();
    await client.signUp({ email, password, options: { emailRedirectTo: `${siteUrl}/chat` } });
    const link = linkOf(await world.mail(email));
    assert.match(link, /token=pkce_/);
    const target = new URL((await fetch(link, { redirect: "manual" })).headers.get("location") ?? "");
    const code = target.searchParams.get("code") ?? "";
    assert.equal(target.hash, "");
    const { data, error } = await client.exchangeCodeForSession(code);
    assert.equal(error, null);
    assert.equal(data.user?.email, email);
    const exchange = (auth_code: string, code_verifier: string): Promise<Response> =>
      world.raw("/auth/v1/token?grant_type=pkce", {
        method: "POST",
        headers: bearer(),
        body: JSON.stringify({ auth_code, code_verifier }),
      });
    const used = await exchange(code, "v".repeat(43));
    assert.deepEqual([used.status, used.headers.get("x-sb-error-code")], [404, "flow_state_not_found"]);
    const again = await fetch(link, { redirect: "manual" });
    const refused = new URL(again.headers.get("location") ?? "");
    assert.equal(refused.searchParams.get("error_code"), "otp_expired", "PKCE reads errors from the query");

    const second = world.client({ flowType: "pkce" });
    await second.signInWithOtp({ email, options: { emailRedirectTo: `${siteUrl}/chat` } });
    const next = linkOf(await world.mail(email, 2));
    const open = async (): Promise<string> =>
      new URL((await fetch(next, { redirect: "manual" })).headers.get("location") ?? "").searchParams.get(
        "code",
      ) ?? "";
    const wrong = await exchange(await open(), "v".repeat(43));
    assert.deepEqual([wrong.status, wrong.headers.get("x-sb-error-code")], [400, "bad_code_verifier"]);
  });

  test("a PKCE code is void after five minutes", async () => {
    const client = world.client({ flowType: "pkce" });
    const email = world.address();
    await client.signUp({ email, password });
    const link = linkOf(await world.mail(email));
    const target = new URL((await fetch(link, { redirect: "manual" })).headers.get("location") ?? "");
    await world.control({ advanceMs: 5 * 60_000 + 1_000 });
    const answer = await client.exchangeCodeForSession(target.searchParams.get("code") ?? "");
    assert.deepEqual(errorOf(answer), [422, "flow_state_expired"]);
  });

  test("a code by mail signs in, and opens an account unless told not to", async () => {
    const client = world.client();
    const email = world.address();
    const refused = await client.signInWithOtp({ email, options: { shouldCreateUser: false } });
    assert.deepEqual(errorOf(refused), [422, "otp_disabled"]);
    assert.equal((await client.signInWithOtp({ email, options: { data: { name: "New" } } })).error, null);
    const { code, subject } = await world.mail(email);
    assert.match(subject, /sign-in code/);
    const { data, error } = await client.verifyOtp({ type: "email", email, token: code ?? "" });
    assert.equal(error, null);
    assert.deepEqual(data.user?.user_metadata, { name: "New" });
    const { data: token } = await client.getClaims();
    assert.match(JSON.stringify(token?.claims["amr"]), /^\[\{"method":"otp",/);
  });

  test("a forgotten password is replaced by way of the mailbox", async () => {
    const { email } = await asked();
    const confirm = await world.mail(email);
    await world.client().verifyOtp({ type: "signup", email, token: confirm.code ?? "" });
    const client = world.client();
    assert.equal((await client.resetPasswordForEmail(email)).error, null);
    assert.equal(
      (await client.resetPasswordForEmail(world.address())).error,
      null,
      "unknown: the same answer",
    );
    const { code } = await world.mail(email, 2);
    assert.equal((await client.verifyOtp({ type: "recovery", email, token: code ?? "" })).error, null);
    assert.equal((await client.updateUser({ password: "another good password" })).error, null);
    assert.equal(
      (await world.client().signInWithPassword({ email, password: "another good password" })).error,
      null,
    );
  });

  test("a confirmation can be sent again after a minute, with a new code", async () => {
    const { client, email } = await asked();
    const old = await world.mail(email);
    const soon = await client.resend({ type: "signup", email });
    assert.deepEqual(errorOf(soon), [429, "over_email_send_rate_limit"]);
    assert.match(
      soon.error?.message ?? "",
      /^For security purposes, you can only request this after \d+ seconds\.$/,
    );
    await world.control({ advanceMs: 60_000 });
    assert.equal((await client.resend({ type: "signup", email })).error, null);
    const fresh = await world.mail(email, 2);
    assert.notEqual(fresh.links[0], old.links[0]);
    if (old.code !== fresh.code) {
      const late = await client.verifyOtp({ type: "signup", email, token: old.code ?? "" });
      assert.deepEqual(errorOf(late), [403, "otp_expired"], "the new code voids the old one");
    }
    assert.equal((await client.verifyOtp({ type: "signup", email, token: fresh.code ?? "" })).error, null);
  });

  test("a new address counts when both mailboxes have said yes", async () => {
    const { client, email } = await asked();
    await client.verifyOtp({ type: "signup", email, token: (await world.mail(email)).code ?? "" });
    const next = world.address();
    const { data } = await client.updateUser({ email: next });
    assert.deepEqual([data.user?.email, data.user?.new_email], [email, next]);
    const atNew = await world.mail(next);
    const atOld = await world.mail(email, 2);
    const half = await client.verifyOtp({ type: "email_change", email: next, token: atNew.code ?? "" });
    assert.deepEqual([half.error, half.data.user, half.data.session], [null, null, null]);
    assert.equal((await client.getUser()).data.user?.email, email);
    await world.control({ advanceMs: 61_000 });
    assert.equal((await client.resend({ type: "email_change", email: next })).error, null);
    const again = await world.mail(email, 3);
    assert.notEqual(again.id, atOld.id, "only the side that has not answered is asked again");
    const done = await client.verifyOtp({ type: "email_change", email, token: again.code ?? "" });
    assert.equal(done.data.user?.email, next);
    assert.equal((await world.client().signInWithPassword({ email: next, password })).error, null);
  });

  test("a nonce by mail is checked when it is sent along", async () => {
    const { client, email } = await asked();
    await client.verifyOtp({ type: "signup", email, token: (await world.mail(email)).code ?? "" });
    assert.equal((await client.reauthenticate()).error, null);
    const { code } = await world.mail(email, 2);
    const wrong = await client.updateUser({ password: "another good password", nonce: other(code ?? "") });
    assert.deepEqual(errorOf(wrong), [422, "reauthentication_not_valid"]);
    assert.equal(
      (await client.updateUser({ password: "another good password", nonce: code ?? "" })).error,
      null,
    );
  });

  test("whoever proves the mailbox owns the account: an earlier stranger's password is void", async () => {
    const { email } = await asked();
    await world.mail(email);
    const owner = world.client();
    await owner.signInWithOtp({ email });
    const { code } = await world.mail(email, 2);
    assert.equal((await owner.verifyOtp({ type: "email", email, token: code ?? "" })).error, null);
    const stranger = await world.client().signInWithPassword({ email, password });
    assert.deepEqual(errorOf(stranger), [400, "invalid_credentials"]);
  });
});

suite("what every answer has", () => {
  test("errors come in the shape of the version that the client names", async () => {
    const body = JSON.stringify({ email: "nobody@example.com", password });
    const fresh = await world.raw("/auth/v1/token?grant_type=password", {
      method: "POST",
      headers: bearer(),
      body,
    });
    assert.equal(fresh.headers.get("x-supabase-api-version"), "2024-01-01");
    assert.deepEqual(await fresh.json(), {
      code: "invalid_credentials",
      message: "Invalid login credentials",
    });
    const { "x-supabase-api-version": _version, ...older } = bearer();
    const old = await world.raw("/auth/v1/token?grant_type=password", {
      method: "POST",
      headers: older,
      body,
    });
    assert.deepEqual(await old.json(), {
      code: 400,
      error_code: "invalid_credentials",
      msg: "Invalid login credentials",
    });
  });

  test("a browser may send its headers and read the version", async () => {
    const answer = await world.raw("/auth/v1/user", {
      method: "OPTIONS",
      headers: { origin: "http://a.example" },
    });
    assert.equal(answer.status, 204);
    const allowed = answer.headers.get("access-control-allow-headers") ?? "";
    for (const name of [
      "Accept",
      "Authorization",
      "Content-Type",
      "X-Client-Info",
      "X-Supabase-Api-Version",
      "apikey",
    ]) {
      assert.ok(allowed.includes(name), name);
    }
    assert.match(answer.headers.get("access-control-expose-headers") ?? "", /X-Supabase-Api-Version/);
    assert.equal(answer.headers.get("access-control-allow-credentials"), null);
    const error = await world.raw("/auth/v1/user", { headers: bearer() });
    assert.equal(error.headers.get("access-control-allow-origin"), "*");
    const control = await world.raw("/__control", { headers: { origin: "http://a.example" } });
    assert.equal(
      control.headers.get("access-control-allow-origin"),
      null,
      "no web page reaches the controls",
    );
  });

  test("a wrong or missing key is refused", async () => {
    for (const key of [undefined, "sb_publishable_other"]) {
      const headers = { ...bearer(), ...(key ? { apikey: key } : {}) };
      if (!key) Reflect.deleteProperty(headers, "apikey");
      assert.equal((await world.raw("/auth/v1/settings", { headers })).status, 401);
    }
  });

  for (const { name, body, code } of [
    { name: "broken JSON", body: "{", code: "bad_json" },
    { name: "a list", body: "[]", code: "validation_failed" },
    { name: "a prototype key", body: '{"__proto__":{"x":1},"email":"a@b.co"}', code: "bad_json" },
    {
      name: "an object as address",
      body: '{"email":{"a":1},"password":"long enough"}',
      code: "validation_failed",
    },
    {
      name: "NUL in the metadata",
      body: '{"email":"nul@example.com","password":"long enough","data":{"a":"\\u0000"}}',
      code: "validation_failed",
    },
    {
      name: "half a surrogate pair",
      body: '{"email":"nul@example.com","password":"long enough","data":{"a":"\\ud800"}}',
      code: "validation_failed",
    },
    {
      name: "metadata over 4 KiB",
      body: JSON.stringify({ email: "big@example.com", password, data: { a: "x".repeat(5_000) } }),
      code: "validation_failed",
    },
  ]) {
    test(`${name} ends in 400 and no account`, async () => {
      const answer = await world.raw("/auth/v1/signup", { method: "POST", headers: bearer(), body });
      assert.deepEqual([answer.status, answer.headers.get("x-sb-error-code")], [400, code]);
    });
  }

  test("a body of a megabyte is refused, and another type as well", async () => {
    const big = { method: "POST", headers: bearer(), body: JSON.stringify({ email: "x".repeat(1_000_000) }) };
    assert.equal((await world.raw("/auth/v1/signup", big)).status, 413);
    const form = { method: "POST", headers: { ...bearer(), "content-type": "text/plain" }, body: "email=a" };
    assert.equal((await world.raw("/auth/v1/signup", form)).status, 415);
  });

  for (const path of ["/authorize?provider=google", "/sso", "/factors", "/admin/users", "/nothing"]) {
    test(`${path} is not served`, async () => {
      const answer = await world.raw(`/auth/v1${path}`, { headers: bearer() });
      assert.equal(answer.status, 404);
    });
  }

  test("anonymous and phone sign-ups say that they are switched off", async () => {
    assert.deepEqual(errorOf(await world.client().signInAnonymously()), [422, "anonymous_provider_disabled"]);
    assert.deepEqual(errorOf(await world.client().signUp({ phone: "+15550100", password })), [
      400,
      "phone_provider_disabled",
    ]);
  });
});

function bearer(token?: string): Record<string, string> {
  return {
    apikey: "sb_publishable_test",
    "content-type": "application/json",
    "x-supabase-api-version": "2024-01-01",
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
}

function linkOf(mail: TestMail): string {
  const [link] = mail.links;
  assert.ok(link, "the mail has a link");
  return link;
}

/** Six digits that are not these. */
function other(code: string): string {
  return code === "000000" ? "000001" : "000000";
}
