/** Refresh, rotation of keys, outages and restarts: what keeps somebody signed in, and what must not. */
import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, suite, test } from "node:test";

import type { AuthError, Session } from "@supabase/auth-js";
import { createRemoteJWKSet, jwtVerify } from "jose";

import { errorOf, password, startWorld } from "./testing/world.ts";
import type { World } from "./testing/world.ts";

const cleanups: (() => Promise<unknown>)[] = [];
let world: World;
before(async () => {
  world = await startWorld({ after: (work) => void cleanups.unshift(work) });
});
after(async () => {
  for (const cleanup of cleanups) await cleanup();
});
beforeEach(async () => {
  await world.control({ faults: [] });
});

async function begin(): Promise<{ email: string; session: Session; storage: Map<string, string> }> {
  const email = world.address();
  const storage = new Map<string, string>();
  const { data } = await world.client({ storage }).signUp({ email, password });
  assert.ok(data.session);
  return { email, session: data.session, storage };
}

/** Always a new client: one client remembers a failed refresh for a minute. */
function refresh(
  refresh_token: string,
): Promise<{ data: { session: Session | null }; error: AuthError | null }> {
  return world.client().refreshSession({ refresh_token });
}

async function next(refresh_token: string): Promise<Session> {
  const { data, error } = await refresh(refresh_token);
  assert.equal(error, null);
  assert.ok(data.session);
  return data.session;
}

async function sessionsOf(userId: string): Promise<number> {
  const { rows } = await world.db.query("select from auth.sessions where user_id = $1", [userId]);
  return rows.length;
}

suite("refresh", () => {
  test("the current token gives a new pair of the same session", async () => {
    const { session } = await begin();
    const second = await next(session.refresh_token);
    assert.notEqual(second.refresh_token, session.refresh_token);
    assert.equal(claimsOf(second)["session_id"], claimsOf(session)["session_id"]);
    assert.deepEqual(claimsOf(second)["amr"], claimsOf(session)["amr"]);
  });

  test("the parent gives the current token again, however late: the answer was lost", async () => {
    const { session } = await begin();
    const second = await next(session.refresh_token);
    await world.control({ advanceMs: 3_600_000 });
    const again = await next(session.refresh_token);
    assert.equal(again.refresh_token, second.refresh_token);
  });

  test("an older token within ten seconds is another tab, and gets the current one", async () => {
    const { session } = await begin();
    const second = await next(session.refresh_token);
    const third = await next(second.refresh_token);
    await world.control({ advanceMs: 8_000 });
    assert.equal((await next(session.refresh_token)).refresh_token, third.refresh_token);
  });

  test("F10 an older token after that is theft: the whole session ends", async () => {
    const { session } = await begin();
    const second = await next(session.refresh_token);
    const third = await next(second.refresh_token);
    await world.control({ advanceMs: 10_500 });
    assert.deepEqual(errorOf(await refresh(session.refresh_token)), [400, "refresh_token_already_used"]);
    assert.equal((await refresh(third.refresh_token)).error?.name, "AuthSessionMissingError");
    assert.equal((await world.client().getUser(third.access_token)).error?.name, "AuthSessionMissingError");
    assert.equal(await sessionsOf(session.user.id), 0);
  });

  for (const { name, change } of [
    { name: "a word", change: () => "nonsense" },
    { name: "a token with one changed character", change: flip },
    { name: "a token with something behind it", change: (token: string) => `${token}AAAA` },
    { name: "a very long one", change: () => "A".repeat(1_000) },
  ]) {
    test(`${name} was never a refresh token`, async () => {
      const { session } = await begin();
      assert.deepEqual(errorOf(await refresh(change(session.refresh_token))), [
        400,
        "refresh_token_not_found",
      ]);
      assert.equal((await refresh(session.refresh_token)).error, null, "the session is unharmed");
    });
  }

  test("thirty days without a refresh end a session", async () => {
    const { session } = await begin();
    await world.control({ advanceMs: 30 * 86_400_000 + 60_000 });
    assert.deepEqual(errorOf(await refresh(session.refresh_token)), [400, "session_expired"]);
  });

  test("twenty refreshes at once with one token end with one session alive and one token", async () => {
    const { session } = await begin();
    // By plain requests: the official client's own lock would queue them in this process.
    const call = async (): Promise<string> => {
      const answer = await world.raw("/auth/v1/token?grant_type=refresh_token", {
        method: "POST",
        headers: { apikey: "sb_publishable_test", "content-type": "application/json" },
        body: JSON.stringify({ refresh_token: session.refresh_token }),
      });
      const body = (await answer.json()) as { refresh_token?: string };
      return body.refresh_token ?? `status ${answer.status}`;
    };
    // The row is held until every connection of the service waits for it: they truly come at once.
    const holder = await world.db.connect();
    await holder.query("begin");
    await holder.query("select from auth.sessions where user_id = $1 for update", [session.user.id]);
    const calls = Promise.all(Array.from({ length: 20 }, call));
    await world.untilWaiting(8);
    await holder.query("commit");
    holder.release();
    const tokens = new Set(await calls);
    assert.equal(tokens.size, 1, `all got the same token, not ${[...tokens].join(", ")}`);
    assert.equal(await sessionsOf(session.user.id), 1);
    const [token] = tokens;
    assert.equal((await refresh(token ?? "")).error, null);
  });

  test("two tabs over one storage that refresh again and again stay signed in", async () => {
    const { storage, session } = await begin();
    const tabs = [world.client({ storage }), world.client({ storage })];
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(tabs.map((tab) => tab.refreshSession()));
      for (const tab of tabs) assert.equal((await tab.getUser()).data.user?.id, session.user.id);
    }
    assert.equal(await sessionsOf(session.user.id), 1);
  });

  test("a row that stays locked answers 409 conflict, and the session lives on", async () => {
    const { session } = await begin();
    const holder = await world.db.connect();
    try {
      await holder.query("begin");
      await holder.query("select from auth.sessions where user_id = $1 for update", [session.user.id]);
      assert.deepEqual(errorOf(await refresh(session.refresh_token)), [409, "conflict"]);
    } finally {
      await holder.query("rollback");
      holder.release();
    }
    assert.equal((await refresh(session.refresh_token)).error, null);
  });

  test("the hundred and first session of one account ends its oldest", async () => {
    const { session } = await begin();
    await world.db.query(
      `insert into auth.sessions (id, user_id, amr, refreshed_at, created_at)
       select gen_random_uuid(), $1, '[]', now(), now() - interval '1 minute' from generate_series(1, 99)`,
      [session.user.id],
    );
    const { email } = session.user;
    assert.equal((await world.client().signInWithPassword({ email: email ?? "", password })).error, null);
    assert.equal(await sessionsOf(session.user.id), 100);
  });
});

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

function claimsOf(session: Session): Record<string, unknown> {
  return decode(session.access_token.split(".")[1]);
}
function headerOf(session: Session): Record<string, unknown> {
  return decode(session.access_token.split(".")[0]);
}
function decode(part: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(part ?? "", "base64url").toString()) as Record<string, unknown>;
}
/** Another token of the same length: one bit of the session's id is different. */
function flip(token: string): string {
  const bytes = Buffer.from(token, "base64url");
  bytes.writeUInt8(bytes.readUInt8(5) ^ 1, 5);
  return bytes.toString("base64url");
}
