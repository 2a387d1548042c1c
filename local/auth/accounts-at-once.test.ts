/**
 * What the unmodified official client may expect of the service with accounts that are confirmed at
 * once: every call of the contract.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { AuthError } from "@supabase/auth-js";

import { bearer, shareWorld, world } from "./testing/shared-world.ts";
import { errorOf, password } from "./testing/world.ts";

shareWorld({ each: { autoconfirm: true, disableSignup: false, faults: [] } });

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
