/** Refresh: what keeps somebody signed in, in two tabs and after a lost answer, and what is theft. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { begin, claimsOf, next, refresh, sessionsOf } from "./testing/sessions.ts";
import { shareWorld, world } from "./testing/shared-world.ts";
import { errorOf, password } from "./testing/world.ts";

shareWorld({ each: { faults: [] } });

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

/** Another token of the same length: one bit of the session's id is different. */
function flip(token: string): string {
  const bytes = Buffer.from(token, "base64url");
  bytes.writeUInt8(bytes.readUInt8(5) ^ 1, 5);
  return bytes.toString("base64url");
}
