/** The allowances as GoTrue ships them, and the mails that must arrive all the same. */
import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";

import { errorOf, password, startWorld } from "./testing/world.ts";
import type { World } from "./testing/world.ts";

const cleanups: (() => Promise<unknown>)[] = [];
let world: World;
before(async () => {
  world = await startWorld({ after: (work) => void cleanups.unshift(work) }, { RATE_LIMIT_SCALE: "1" });
});
after(async () => {
  for (const cleanup of cleanups) await cleanup();
});
beforeEach(async () => {
  await world.control({ resetLimits: true, faults: [] });
  await world.mailControl([]);
});

async function statuses(count: number, call: (index: number) => Promise<Response>): Promise<number[]> {
  const seen: number[] = [];
  for (let index = 0; index < count; index += 1) seen.push((await call(index)).status);
  return seen;
}

function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return world.raw(`/auth/v1${path}`, {
    method: "POST",
    headers: { apikey: "sb_publishable_test", "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

suite("per caller", () => {
  for (const { path, burst } of [
    { path: "/signup", burst: 30 },
    { path: "/otp", burst: 30 },
    { path: "/recover", burst: 30 },
    { path: "/resend", burst: 30 },
    { path: "/verify", burst: 30 },
    { path: "/token?grant_type=refresh_token", burst: 150 },
  ]) {
    test(`${path} takes ${burst} calls, then 429, and more after a while`, async () => {
      const seen = await statuses(burst + 1, () => post(path, {}));
      assert.ok(!seen.slice(0, burst).includes(429));
      assert.equal(seen.at(-1), 429);
      await world.control({ advanceMs: (5 * 60_000) / burst + 1_000 });
      assert.notEqual((await post(path, {})).status, 429);
    });
  }

  test("F4 a forged X-Forwarded-For does not open a second allowance", async () => {
    const seen = await statuses(31, (index) =>
      post("/recover", {}, { "x-forwarded-for": `192.0.2.${index}` }),
    );
    assert.equal(seen.at(-1), 429);
  });

  test("behind the api each caller has an own allowance, by the leftmost valid address", async () => {
    const from = (header: string) => (): Promise<Response> =>
      post("/recover", {}, { "sb-forwarded-for": header });
    assert.equal((await statuses(31, from("192.0.2.1, 10.0.0.1"))).at(-1), 429);
    assert.equal((await from("192.0.2.1")()).status, 429, "the same caller by another way");
    assert.equal((await from("unknown, 192.0.2.2")()).status, 400);
    assert.equal((await from("2001:db8::1")()).status, 400);
  });
});

suite("per account", () => {
  test("F5 guessing one account's password from many addresses is slowed, and the owner gets in later", async () => {
    const email = world.address();
    await world.client().signUp({ email, password });
    const guess = (index: number): Promise<Response> =>
      post(
        "/token?grant_type=password",
        { email, password: `wrong number ${index}` },
        { "sb-forwarded-for": `192.0.2.${index % 250}` },
      );
    const seen = await statuses(100, guess);
    assert.deepEqual([...new Set(seen.slice(0, 10))], [400]);
    assert.deepEqual([...new Set(seen.slice(10))], [429]);
    assert.deepEqual(errorOf(await world.client().signInWithPassword({ email, password })), [
      429,
      "over_request_rate_limit",
    ]);
    await world.control({ advanceMs: 2 * 60_000 });
    assert.equal((await world.client().signInWithPassword({ email, password })).error, null);
  });

  test("F5 guesses at the same time are counted as well", async () => {
    const email = world.address();
    await world.client().signUp({ email, password });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        post("/token?grant_type=password", { email, password: `guess ${index}` }),
      ),
    );
    assert.equal(answers.filter((answer) => answer.status === 400).length, 10);
  });

  test("right passwords cost nothing: somebody may sign in as often as he likes", async () => {
    const email = world.address();
    await world.client().signUp({ email, password });
    const seen = await statuses(25, () => post("/token?grant_type=password", { email, password }));
    assert.deepEqual([...new Set(seen)], [200]);
  });

  test("codes of one account can be guessed twenty times an hour, from anywhere", async () => {
    const email = world.address();
    const seen = await statuses(21, (index) =>
      post("/verify", { type: "email", email, token: "000000" }, { "sb-forwarded-for": `192.0.2.${index}` }),
    );
    assert.deepEqual([seen.at(19), seen.at(20)], [403, 429]);
  });

  test("one mailbox gets at most ten mails an hour", async () => {
    const email = world.address();
    await world.client().signUp({ email, password });
    const seen = await statuses(11, async (index) => {
      await world.control({ advanceMs: 60_000 });
      return post("/recover", { email }, { "sb-forwarded-for": `192.0.2.${index}` });
    });
    // Eleven minutes give back almost two.
    assert.deepEqual([...new Set(seen)], [200]);
    const more = await statuses(6, async () => {
      await world.control({ advanceMs: 60_000 });
      return post("/recover", { email });
    });
    assert.ok(more.includes(429));
  });
});

suite("F13 the mail server misbehaves", () => {
  // A mail of another test would take the fault that is meant for this one's.
  beforeEach(() => world.untilSent());

  test("F13 421 and cut connections delay a mail; sign-up does not wait, and the code works", async () => {
    await world.control({ autoconfirm: false });
    const email = world.address();
    await world.mailControl([{ kind: "refuse", times: 2 }]);
    const { error } = await world.client().signUp({ email, password });
    assert.equal(error, null);
    await world.untilTried(email, 1);
    await world.control({ advanceMs: 10_000 });
    await world.untilTried(email, 2);
    await world.control({ advanceMs: 10_000 });
    const { code } = await world.mail(email);
    assert.equal((await world.client().verifyOtp({ type: "signup", email, token: code ?? "" })).error, null);
    await world.control({ autoconfirm: true });
  });

  test("F13 a mail that arrived but was not acknowledged comes again the same: id, code and link", async () => {
    const email = world.address();
    await world.mailControl([{ kind: "cut", times: 1 }]);
    await world.client().signInWithOtp({ email });
    const first = await world.mail(email);
    await world.untilTried(email, 1);
    await world.control({ advanceMs: 10_000 });
    const second = await world.mail(email, 2);
    assert.deepEqual(
      [second.messageId, second.code, second.links],
      [first.messageId, first.code, first.links],
    );
    assert.equal(
      (await world.client().verifyOtp({ type: "email", email, token: first.code ?? "" })).error,
      null,
    );
  });

  test("F13 a code that was used is not made valid again by a late second try", async () => {
    const email = world.address();
    await world.mailControl([{ kind: "cut", times: 1 }]);
    await world.client().signInWithOtp({ email });
    const { code } = await world.mail(email);
    await world.untilTried(email, 1);
    const use = () => world.client().verifyOtp({ type: "email", email, token: code ?? "" });
    assert.equal((await use()).error, null);
    await world.control({ advanceMs: 10_000 });
    const { rows } = await world.db.query("select from auth.mail_intents where address = $1", [email]);
    assert.equal(rows.length, 0);
    assert.deepEqual(errorOf(await use()), [403, "otp_expired"]);
  });

  test("F13 a mailbox that is refused for good is not tried again", async () => {
    const email = world.address();
    await world.mailControl([{ kind: "refuse", code: 550, times: 1 }]);
    await world.client().signInWithOtp({ email });
    const { dead } = await world.untilTried(email, 1);
    assert.equal(dead, true);
  });
});
