import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { confirmCheckout, exportUsage, getMe, getUsage, healthz, type Me } from "@molt/contract";
import { ApiError, createApi, sayError } from "./api.ts";
import { homeFor } from "./home-for.ts";
import { joinSession, splitSession } from "./split-session.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A real server on a free port that answers what the test says and remembers what it was asked. */
async function serverOf(t: TestContext, answers: Answer[]) {
  const asked: {
    method: string | undefined;
    url: string | undefined;
    token: string | undefined;
    body: string;
  }[] = [];
  const server = createServer((req, res) => {
    let body = "";
    req.on("data", (chunk) => (body += chunk));
    req.on("end", () => {
      asked.push({ method: req.method, url: req.url, token: req.headers.authorization, body });
      const answer = answers[asked.length - 1] ?? { status: 500, body: "" };
      res.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
const ok = (body: unknown): Answer => ({ status: 200, body: JSON.stringify(body) });
const tokens = async (fresh: boolean) => (fresh ? "new" : "old");

test("an endpoint of the contract is called as it says, and its answer is parsed", async (t) => {
  const { asked, url } = await serverOf(t, [ok({ status: "active", extra: 1 })]);
  const answer = await createApi({ apiUrl: url, token: tokens, fetch }).call(confirmCheckout, {
    sessionId: "cs_test_1",
  });
  assert.deepEqual(answer, { status: "active" });
  assert.deepEqual(asked, [
    { method: "POST", url: "/billing/confirm", token: "Bearer old", body: '{"sessionId":"cs_test_1"}' },
  ]);
});

test("what a GET asks goes into the query, and what is not asked stays out", async (t) => {
  const { asked, url } = await serverOf(t, [
    { status: 500, body: "" },
    { status: 500, body: "" },
  ]);
  const api = createApi({ apiUrl: url, token: tokens, fetch });
  await assert.rejects(api.call(getUsage, { month: "2026-11" }));
  await assert.rejects(api.call(getUsage, {}));
  assert.deepEqual(
    asked.map((a) => a.url),
    ["/usage?month=2026-11", "/usage"],
  );
});

test("a file comes as its text, and its refusal as a sentence", async (t) => {
  const error = { code: "rate_limited", message: "One at a time.", requestId: "r", retryable: true };
  const { url } = await serverOf(t, [
    { status: 200, body: "time_utc,cost_usd\r\n" },
    { status: 429, body: JSON.stringify({ error }) },
  ]);
  const api = createApi({ apiUrl: url, token: tokens, fetch });
  assert.equal(await api.call(exportUsage, { month: "2026-11" }), "time_utc,cost_usd\r\n");
  await assert.rejects(api.call(exportUsage, {}), { code: "rate_limited", message: "One at a time." });
});

test("an account that is being deleted ends the sign-in of every device that asks, other refusals do not", async (t) => {
  const refusal = (status: number, code: string): Answer => {
    const error = { code, message: "No.", requestId: "r", retryable: false };
    return { status, body: JSON.stringify({ error }) };
  };
  const { url } = await serverOf(t, [refusal(402, "no_subscription"), refusal(410, "account_ending")]);
  let ended = 0;
  const api = createApi({ apiUrl: url, token: tokens, ended: () => (ended += 1), fetch });
  await assert.rejects(api.call(getMe, {}), { code: "no_subscription" });
  assert.equal(ended, 0);
  await assert.rejects(api.call(getMe, {}), { code: "account_ending" });
  assert.equal(ended, 1);
});

test("answers of an older api open: no budget, no messages, mails in English", async (t) => {
  const total = { calls: 0, tokensIn: 0, tokensOut: 0, costPicos: "0", chargePicos: "0" };
  const subscription = { status: "none", currentPeriodEnd: null, cancelAtPeriodEnd: false };
  const user = { id: crypto.randomUUID(), email: "ada@example.com", createdAt: "2026-11-22T12:00:00Z" };
  const { url } = await serverOf(t, [
    ok({ month: "2026-11", total, byDay: [], byModel: [], byCause: [], recent: [] }),
    ok({ user, subscription, bot: null }),
  ]);
  const api = createApi({ apiUrl: url, token: tokens, fetch });
  const usage = await api.call(getUsage, {});
  assert.deepEqual([usage.budget, usage.byMessage], [null, []]);
  assert.equal((await api.call(getMe, {})).user.language, "en");
});

test("a refused token is replaced once by a fresh one", async (t) => {
  const { asked, url } = await serverOf(t, [{ status: 401, body: "{}" }, ok({ status: "active" })]);
  await createApi({ apiUrl: url, token: tokens, fetch }).call(confirmCheckout, { sessionId: "cs_test_1" });
  assert.deepEqual(
    asked.map((a) => a.token),
    ["Bearer old", "Bearer new"],
  );
});

test("an error of the api arrives with its code, its sentence and its request id", async (t) => {
  const error = {
    code: "rate_limited",
    message: "Too many at once. Wait a minute.",
    requestId: "req_1",
    retryable: true,
  };
  const { url } = await serverOf(t, [{ status: 429, body: JSON.stringify({ error }) }]);
  const thrown = await createApi({ apiUrl: url, token: tokens, fetch })
    .call(healthz, {})
    .catch((e: unknown) => e);
  assert.ok(thrown instanceof ApiError);
  assert.deepEqual(
    [thrown.code, thrown.message, thrown.requestId, thrown.retryable],
    [error.code, error.message, "req_1", true],
  );
});

test("an answer of something else on the way is a clear error, and never half an answer", async (t) => {
  const { url } = await serverOf(t, [
    { status: 502, body: "<html>Bad gateway</html>" },
    ok({ nonsense: true }),
  ]);
  const api = createApi({ apiUrl: url, token: tokens, fetch });
  for (let i = 0; i < 2; i++)
    await assert.rejects(
      api.call(healthz, {}),
      (e) => e instanceof ApiError && e.code === "unreadable_answer",
    );
});

test("F7 no server, no sign-in service, nobody signed in: three different sentences", async () => {
  const dead = { apiUrl: "http://127.0.0.1:1", fetch };
  const said = async (token: () => Promise<string | null>) =>
    sayError(
      await createApi({ ...dead, token })
        .call(getUsage, {})
        .catch((e: unknown) => e),
    );
  const sentences = await Promise.all([
    said(async () => "t"),
    said(() => Promise.reject(new Error("down"))),
    said(async () => null),
  ]);
  assert.match(sentences[0] ?? "", /No connection/);
  assert.match(sentences[1] ?? "", /bot keeps running/);
  assert.match(sentences[2] ?? "", /sign in/);
});

const me = (status: Me["subscription"]["status"], bot: "provisioning" | "asleep" | "paused" | null) => ({
  subscription: { status, currentPeriodEnd: null, cancelAtPeriodEnd: false },
  bot: bot && {
    id: "b",
    status: bot,
    step: "boot" as const,
    stepSince: "",
    failure: null,
    createdAt: "",
    lastActiveAt: "",
  },
});

for (const { who, home } of [
  { who: me("none", null), home: "/subscribe" },
  { who: me("incomplete", null), home: "/subscribe" },
  { who: me("active", null), home: "/welcome" },
  { who: me("active", "provisioning"), home: "/welcome" },
  { who: me("active", "asleep"), home: "/chat" },
  { who: me("canceled", "paused"), home: "/chat" },
] as const)
  test(`${who.subscription.status} with ${who.bot?.status ?? "no bot"} belongs to ${home}`, () =>
    assert.equal(homeFor(who), home));

test("a session on a phone is split and joined without loss, and no half of it opens anything", () => {
  const session = JSON.stringify({
    access_token: "a".repeat(1500),
    refresh_token: "secret",
    user: { id: "u" },
  });
  const { open, secret } = splitSession(session);
  assert.ok(!open.includes("secret") && secret === "secret");
  assert.deepEqual(JSON.parse(joinSession(open, secret) ?? ""), JSON.parse(session));
  assert.equal(joinSession(open, null), null);
  assert.equal(joinSession(null, secret), null);
});

test("what is not a session is kept whole in the secret half", () => {
  for (const value of ["verifier", "{broken", "[1]"]) {
    const { open, secret } = splitSession(value);
    assert.equal(open, "");
    assert.equal(joinSession(open, secret), value);
  }
});
