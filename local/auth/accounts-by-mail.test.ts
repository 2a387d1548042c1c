/**
 * What the unmodified official client may expect of the service with accounts that confirm by mail:
 * codes, links, PKCE and changes of address.
 */
import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { bearer, shareWorld, world } from "./testing/shared-world.ts";
import { errorOf, password, siteUrl } from "./testing/world.ts";
import type { TestMail } from "./testing/world.ts";

shareWorld({ each: { autoconfirm: true, disableSignup: false, faults: [] } });

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

function linkOf(mail: TestMail): string {
  const [link] = mail.links;
  assert.ok(link, "the mail has a link");
  return link;
}

/** Six digits that are not these. */
function other(code: string): string {
  return code === "000000" ? "000001" : "000000";
}
