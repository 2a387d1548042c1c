/** Outages, restarts and rotation of keys: nobody is signed out by them, and no secret gets into the log. */
import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";

import { createRemoteJWKSet, jwtVerify } from "jose";

import { begin, headerOf, next, sessionsOf } from "./testing/sessions.ts";
import { shareWorld, world } from "./testing/shared-world.ts";
import { password } from "./testing/world.ts";

shareWorld({ each: { faults: [] } });

suite("outages", () => {
  for (const { name, fault } of [
    { name: "503", fault: { kind: "status", status: 503 } },
    { name: "500", fault: { kind: "status", status: 500 } },
    { name: "a connection that is cut", fault: { kind: "drop" } },
  ]) {
    test(`F7 ${name} at a refresh keeps the session: the client tries again by itself`, async () => {
      const { storage, session } = await begin();
      await world.control({ faults: [{ ...fault, path: "/token", times: 2 }] });
      const { error } = await world.client({ storage }).refreshSession();
      assert.equal(error, null);
      assert.equal(await sessionsOf(session.user.id), 1);
    });
  }

  test("F7 a 503 on a call is retryable and leaves the stored session alone", async () => {
    const { storage, session } = await begin();
    await world.control({ faults: [{ kind: "status", status: 503, path: "/user" }] });
    const client = world.client({ storage });
    const { error } = await client.getUser();
    assert.equal(error?.name, "AuthRetryableFetchError");
    assert.equal((await client.getSession()).data.session?.refresh_token, session.refresh_token);
    assert.equal((await client.getUser()).error, null);
  });

  test("F7 a page of HTML instead of an answer is an error, and the session stays", async () => {
    const { storage } = await begin();
    await world.control({ faults: [{ kind: "nonsense", path: "/user" }] });
    const client = world.client({ storage });
    assert.ok((await client.getUser()).error);
    assert.equal((await client.getUser()).error, null);
  });

  test("F7 with the database away every call answers 503, and comes back by itself", async () => {
    const { storage } = await begin();
    const client = world.client({ storage });
    const { rows } = await world.db.query<{ name: string }>("select current_database() as name");
    const name = rows[0]?.name ?? "";
    await world.asAdmin(`alter database ${name} with allow_connections false`);
    await world.asAdmin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
    const down = await client.getUser();
    await world.asAdmin(`alter database ${name} with allow_connections true`);
    assert.equal(down.error?.name, "AuthRetryableFetchError");
    assert.equal(down.error?.status, 503);
    assert.equal((await client.getUser()).error, null);
  });

  test("a fault plan with a share spoils the same calls for the same seed", async () => {
    const run = async (): Promise<number[]> => {
      await world.control({ faults: [{ kind: "status", path: "/health", times: 100, share: 0.5 }], seed: 7 });
      const statuses: number[] = [];
      for (let call = 0; call < 12; call += 1) statuses.push((await world.raw("/auth/v1/health")).status);
      return statuses;
    };
    const first = await run();
    assert.deepEqual(await run(), first);
    assert.ok(first.includes(200) && first.includes(503));
  });
});

suite("restarts and keys", () => {
  test("a restart keeps sessions, access tokens and codes", async () => {
    const { email, session, storage } = await begin();
    await world.client().resetPasswordForEmail(email);
    const { code } = await world.mail(email);
    await world.restart();
    assert.equal((await world.client().getUser(session.access_token)).error, null);
    assert.equal((await world.client({ storage }).refreshSession()).error, null);
    assert.equal(
      (await world.client().verifyOtp({ type: "recovery", email, token: code ?? "" })).error,
      null,
    );
  });

  test("a mail that was asked for before a kill is sent after the restart", async () => {
    const { email } = await begin();
    await world.mailControl([{ kind: "refuse", times: 1 }]);
    await world.client().resetPasswordForEmail(email);
    await world.untilTried(email, 1);
    await world.auth().stop("SIGKILL");
    await world.restart({ CLOCK_OFFSET_MS: "10000" });
    const { code } = await world.mail(email);
    assert.equal(
      (await world.client().verifyOtp({ type: "recovery", email, token: code ?? "" })).error,
      null,
    );
    await world.restart();
  });

  test("a restart between any two calls of one person's day changes nothing", async () => {
    await world.control({ autoconfirm: false });
    const email = world.address();
    const storage = new Map<string, string>();
    await world.client({ storage }).signUp({ email, password });
    await world.restart({ AUTOCONFIRM: "false" });
    const { code } = await world.mail(email);
    const steps = [
      () => world.client({ storage }).verifyOtp({ type: "signup", email, token: code ?? "" }),
      () => world.client({ storage }).getUser(),
      () => world.client({ storage }).refreshSession(),
      () => world.client({ storage }).updateUser({ password: "another good password" }),
      () => world.client({ storage }).signOut(),
      () => world.client({ storage }).signInWithPassword({ email, password: "another good password" }),
    ];
    for (const step of steps) {
      assert.equal((await step()).error, null);
      await world.restart();
    }
  });

  test("keys rotate during a session: old tokens verify, new ones are signed by the announced key", async () => {
    const { session } = await begin();
    const jwks = createRemoteJWKSet(new URL(`${world.url}/.well-known/jwks.json`));
    const verify = (token: string): Promise<unknown> =>
      jwtVerify(token, jwks, { issuer: world.url, audience: "authenticated", algorithms: ["ES256"] });
    await verify(session.access_token);
    const state = await world.control({ rotateKeys: true });
    const fresh = await next(session.refresh_token);
    assert.equal(headerOf(fresh)["kid"], state["signingKey"]);
    assert.notEqual(headerOf(fresh)["kid"], headerOf(session)["kid"]);
    // The verifier read its keys before the rotation, and needs no second look.
    await verify(fresh.access_token);
    await verify(session.access_token);
    assert.equal((await world.client().getUser(session.access_token)).error, null);
    const published = (await world.control({}))["publishedKeys"] as string[];
    assert.equal(published.length, 3);
    await world.control({ advanceMs: 900_000 + 61_000 });
    const later = (await world.control({}))["publishedKeys"] as string[];
    assert.ok(!later.includes(String(headerOf(session)["kid"])), "gone when its last token has expired");
  });

  test("the keys are readable by their owner alone, and a start refuses them otherwise", async () => {
    const path = join(world.dataDir, "auth-keys.json");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const { chmod } = await import("node:fs/promises");
    await chmod(path, 0o644);
    await assert.rejects(world.restart(), /can be read by other users of this computer/);
    await chmod(path, 0o600);
    await world.restart();
  });
});

test("no password, code or token is in the log", async () => {
  const { email, session } = await begin();
  await world.client().resetPasswordForEmail(email);
  const mail = await world.mail(email);
  const link = mail.links[0] ?? "";
  await fetch(link, { redirect: "manual" });
  await next(session.refresh_token);
  const log = world.auth().log();
  assert.match(log, /"path":"\/auth\/v1\/verify"/, "there is a log to look at");
  const secrets = [
    password,
    session.access_token,
    session.refresh_token,
    new URL(link).searchParams.get("token"),
  ];
  for (const secret of [...secrets, mail.code]) assert.ok(secret && !log.includes(secret));
});
