import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { buildServer } from "../http/build-server.ts";
import { mailLoops } from "../mail/loops.ts";
import { sendMails } from "../mail/send-mails.job.ts";
import { openMailer } from "../mail/smtp.ts";
import { writeMail } from "../mail/write-mail.ts";
import { type ManualClock, makeUser, manualClock, testDeps } from "../testing/deps.ts";
import { startStandIn } from "../testing/stand-in.ts";
import { authHookRoute } from "./auth-hook-route.ts";
import { isSigned } from "./supabase.ts";

const secret = `v1,whsec_${Buffer.alloc(32, 5).toString("base64")}`;
const userId = "8484b834-f29e-4af2-bf42-80644d154f76";
const hash = "7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0";

/** As Supabase documents it; fields that do not apply are empty. */
function delivery(data: Record<string, string> = {}, user: Record<string, unknown> = {}) {
  return {
    user: { id: userId, aud: "authenticated", email: "ann@example.com", user_metadata: {}, ...user },
    email_data: {
      token: "305805",
      token_hash: hash,
      redirect_to: "http://127.0.0.1:2/chat",
      email_action_type: "signup",
      site_url: "http://127.0.0.1:9999",
      token_new: "",
      token_hash_new: "",
      ...data,
    },
  };
}

function signed(body: string, { id = randomUUID(), at = Date.now() / 1000, key = secret } = {}) {
  const timestamp = String(Math.floor(at));
  const signature = createHmac("sha256", Buffer.from(key.slice("v1,whsec_".length), "base64"))
    .update(`${id}.${timestamp}.${body}`)
    .digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

async function door(t: TestContext, options: { clock?: ManualClock; env?: Record<string, string> } = {}) {
  const { clock } = options;
  const deps = await testDeps(t, {
    env: { MOLT_AUTH_HOOK_SECRET: secret, ...options.env },
    ...(clock ? { clock } : {}),
  });
  const app = await buildServer(deps);
  t.after(() => app.close());
  authHookRoute(app, deps);
  const post = (body: string, headers: Record<string, string>) =>
    app.inject({
      method: "POST",
      url: "/auth/hooks/send-email",
      headers: { "content-type": "application/json", ...headers },
      payload: body,
    });
  const deliver = (content: object, how: Parameters<typeof signed>[1] = {}) => {
    const body = JSON.stringify(content);
    return post(body, signed(body, clock ? { at: clock.now().getTime() / 1000, ...how } : how));
  };
  return { deps, app, post, deliver };
}

interface Row {
  recipient: string;
  template: string;
  language: string;
  data: unknown;
  state: string;
  urgent: boolean;
}
const rowsOf = async ({ db }: Pick<Deps, "db">): Promise<Row[]> =>
  (
    await sql<Row>`select recipient, template, language, data, state, urgent from app.mails order by recipient`.execute(
      db,
    )
  ).rows;
const written = async (deps: Deps) => (await rowsOf(deps)).map((row) => writeMail(deps.config, row));

test("the signature is the one of the Standard Webhooks, as their own example has it", () => {
  const body = Buffer.from('{"test": 2432232314}');
  const example = {
    body,
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: "1614265330",
    signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  };
  const secrets = ["v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
  const now = new Date(1_614_265_330_000);
  assert.equal(isSigned(secrets, example, now), true);
  assert.equal(isSigned([secret, ...secrets], example, now), true, "while a secret is being exchanged");
  const several = `v1,${"A".repeat(43)}= ${example.signature}`;
  assert.equal(isSigned(secrets, { ...example, signature: several }, now), true);
  assert.equal(isSigned(secrets, { ...example, signature: several.replace(" ", ", ") }, now), true);
  const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
  assert.equal(isSigned(secrets, example, minutes(4)), true);
  for (const [why, changed, at] of [
    ["too old", example, minutes(6)],
    ["of the future", example, minutes(-6)],
    ["another body", { ...example, body: Buffer.from('{"test": 2432232315}') }, now],
    ["another id", { ...example, id: "msg_x" }, now],
    ["another time", { ...example, timestamp: "1614265331" }, now],
    ["no time", { ...example, timestamp: "1614265330e0" }, now],
    ["no id", { ...example, id: undefined }, now],
    ["no signature", { ...example, signature: undefined }, now],
    ["another version", { ...example, signature: example.signature.replace("v1", "v2") }, now],
    ["a short one", { ...example, signature: "v1,AAAA" }, now],
  ] as const)
    assert.equal(isSigned(secrets, changed, at), false, why);
  assert.equal(isSigned([], example, now), false);
});

test("a delivery becomes one mail with its code and link, however often it comes", async (t) => {
  const { deps, deliver } = await door(t);
  const id = randomUUID();
  for (const how of [{ id }, { id }, {}]) {
    const answer = await deliver(delivery(), how);
    assert.deepEqual([answer.statusCode, answer.json()], [200, {}]);
  }
  const [row, ...more] = await rowsOf(deps);
  assert.deepEqual(
    [row?.recipient, row?.template, row?.urgent, more],
    ["ann@example.com", "sign-in", true, []],
  );
  const [mail] = await written(deps);
  assert.equal(mail?.subject, "305805 is your Molt-OS code");
  assert.match(mail?.text ?? "", /^ {4}305805$/m, "alone on a line");
  const link = `http://127.0.0.1:1/auth/v1/verify?token=${hash}&type=signup&redirect_to=http%3A%2F%2F127.0.0.1%3A2%2Fchat`;
  assert.ok(mail?.text.includes(link), mail?.text);
});

for (const [type, words, hasLink] of [
  ["magiclink", /sign-in code/, true],
  ["recovery", /reset code/, true],
  ["invite", /opens your Molt-OS account/, true],
  ["reauthentication", /security code/, false],
] as const) {
  test(`a ${type} mail says what its code is for`, async (t) => {
    const { deps, deliver } = await door(t);
    assert.equal((await deliver(delivery({ email_action_type: type }))).statusCode, 200);
    const [mail] = await written(deps);
    assert.match(mail?.subject ?? "", words);
    assert.equal(mail?.text.includes(`type=${type}`), hasLink);
  });
}

test("a change of address asks both, each with the code and link of its own", async (t) => {
  const { deps, deliver } = await door(t);
  const change = {
    email_action_type: "email_change",
    token_new: "222222",
    token_hash_new: "hash-of-present",
  };
  await deliver(
    delivery({ ...change, token: "111111", token_hash: "hash-of-new" }, { new_email: "new@example.com" }),
  );
  const [present, next] = await written(deps);
  assert.match(present?.text ?? "", /111111[\s\S]*token=hash-of-present/);
  assert.match(next?.text ?? "", /222222[\s\S]*token=hash-of-new/);
  assert.deepEqual(
    (await rowsOf(deps)).map(({ recipient }) => recipient),
    ["ann@example.com", "new@example.com"],
  );
});

test("a change of address that one side has confirmed asks the other one again", async (t) => {
  const { deps, deliver } = await door(t);
  const user = { new_email: "new@example.com" };
  const type = { email_action_type: "email_change" };
  await deliver(delivery({ ...type, token: "", token_new: "222222", token_hash: "hash-of-new" }, user));
  await deliver(
    delivery({ ...type, token: "111111", token_hash: "", token_hash_new: "hash-of-present" }, user),
  );
  const [present, next] = await written(deps);
  assert.match(present?.text ?? "", /111111[\s\S]*token=hash-of-present/);
  assert.match(next?.text ?? "", /222222[\s\S]*token=hash-of-new/);
});

test("a change of address without double confirmation asks the new one alone", async (t) => {
  const { deps, deliver } = await door(t);
  await deliver(delivery({ email_action_type: "email_change" }, { new_email: "new@example.com" }));
  assert.deepEqual(
    (await rowsOf(deps)).map(({ recipient }) => recipient),
    ["new@example.com"],
  );
});

test("the mail is in the language of the account, else of the sign-up, else English", async (t) => {
  const { deps, deliver } = await door(t);
  const known = await makeUser(deps, "known@example.com");
  await deps.db.updateTable("app.users").set({ language: "de" }).where("id", "=", known).execute();
  await deliver(delivery({}, { id: known, email: "1@example.com", user_metadata: { language: "en" } }));
  await deliver(delivery({}, { email: "2@example.com", user_metadata: { language: "de-AT" } }));
  await deliver(delivery({}, { email: "3@example.com", user_metadata: { language: "fr" } }));
  assert.deepEqual(
    (await rowsOf(deps)).map(({ language }) => language),
    ["de", "de", "en"],
  );
});

test("a code lies sealed in the outbox, and is in it no more once it is sent", async (t) => {
  const mailbox = await startStandIn(t, "mail", {
    DATABASE_URL: (await testDeps(t)).config.database.url,
    LOG_LEVEL: "silent",
  });
  const { deps, deliver } = await door(t, { env: { SMTP_URL: String(mailbox.ready["smtpUrl"]) } });
  await deliver(delivery());
  const dump = async () => JSON.stringify((await sql`select * from app.mails`.execute(deps.db)).rows);
  for (const canary of ["305805", hash]) assert.ok(!(await dump()).includes(canary), canary);
  const mailer = openMailer(deps.config.mail);
  t.after(() => mailer.close());
  assert.match(await sendMails({ ...deps, mailer }, AbortSignal.timeout(20_000)), /^sent 1 /);
  assert.deepEqual(
    (await rowsOf(deps)).map(({ state, data }) => [state, data]),
    [["sent", {}]],
  );
});

test("a code that could not be sent in its time is not sent any more", async (t) => {
  const clock = manualClock();
  const { deps, deliver } = await door(t, { clock });
  assert.equal((await deliver(delivery())).statusCode, 200);
  clock.advance(10 * 60_000);
  const mailer = { send: () => assert.fail("it was sent"), close: () => undefined };
  assert.match(await sendMails({ ...deps, mailer }, AbortSignal.timeout(20_000)), /1 are dead/);
  assert.deepEqual(
    (await rowsOf(deps)).map(({ state, data }) => [state, data]),
    [["dead", {}]],
  );
});

test("who waits for a code waits for no digest and for no server that hangs over one", async (t) => {
  const { deps, deliver } = await door(t);
  await sql`insert into app.mails (key, recipient, template, next_attempt_at)
    select 'welcome/' || n, 'p' || n || '@example.com', 'welcome', to_timestamp(0) from generate_series(1, 30) n`.execute(
    deps.db,
  );
  await deliver(delivery());
  const sent: string[] = [];
  const mailer = { send: async ({ to }: { to: string }) => void sent.push(to), close: () => undefined };
  await sendMails({ ...deps, mailer }, AbortSignal.timeout(20_000));
  assert.equal(sent[0], "ann@example.com", "before all the others");
  await deliver(delivery({ token: "111111" }));
  sent.length = 0;
  await sendMails({ ...deps, mailer, urgent: false }, AbortSignal.timeout(20_000));
  assert.deepEqual(sent, []);
  await sendMails({ ...deps, mailer, urgent: true }, AbortSignal.timeout(20_000));
  assert.deepEqual(sent, ["ann@example.com"]);
});

test("a forgery, nonsense and an unknown kind of mail are refused in the hook's own shape", async (t) => {
  const { deps, deliver, post } = await door(t);
  const other = `v1,whsec_${Buffer.alloc(32, 6).toString("base64")}`;
  const cases = [
    [await deliver(delivery(), { key: other }), 401],
    [await deliver(delivery(), { at: Date.now() / 1000 - 600 }), 401],
    [await post(JSON.stringify(delivery()), {}), 401],
    [await deliver({ user: {} }), 400],
    [await deliver(delivery({ email_action_type: "password_changed_notification" })), 400],
    [await deliver(delivery({ token: "" })), 400],
    [await deliver(delivery({}, { email: "" })), 400],
  ] as const;
  for (const [answer, status] of cases) {
    assert.equal(answer.statusCode, status);
    assert.equal(answer.json().error.http_code, status);
    assert.equal(typeof answer.json().error.message, "string");
  }
  const broken = "{";
  assert.equal((await post(broken, signed(broken))).statusCode, 400);
  assert.deepEqual(await rowsOf(deps), []);
});

test("a database that does not answer in time asks the sign-in service to come again", async (t) => {
  const { deps, deliver } = await door(t);
  await deps.db.transaction().execute(async (trx) => {
    await sql`lock table app.mails in access exclusive mode`.execute(trx);
    const answer = await deliver(delivery());
    assert.deepEqual([answer.statusCode, answer.headers["retry-after"]], [503, "true"]);
    assert.equal(answer.json().error.http_code, 503);
  });
});

test("without a secret there is no such address", async (t) => {
  const { post } = await door(t, { env: { MOLT_AUTH_HOOK_SECRET: "" } });
  assert.equal((await post("{}", {})).statusCode, 404);
});

test("from a sign-up at the sign-in service to the mail in the mailbox: a second at most, in German", async (t) => {
  const { url: databaseUrl } = (await testDeps(t)).config.database;
  const mailbox = await startStandIn(t, "mail", { DATABASE_URL: databaseUrl, LOG_LEVEL: "silent" });
  const { deps, app } = await door(t, { env: { SMTP_URL: String(mailbox.ready["smtpUrl"]) } });
  const loops = mailLoops(deps);
  t.after(() => Promise.all(loops.map((loop) => loop.stop())));
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo; // listening on TCP
  const auth = await startStandIn(t, "auth", {
    DATABASE_URL: databaseUrl,
    DATA_DIR: `/tmp/molt-hook-${randomUUID()}`,
    LOG_LEVEL: "silent",
    AUTOCONFIRM: "false",
    HOOK_SEND_EMAIL_URI: `http://127.0.0.1:${port}/auth/hooks/send-email`,
    HOOK_SEND_EMAIL_SECRETS: secret,
  });
  const began = performance.now();
  const post = (path: string, body: object) =>
    fetch(`${auth.url}/auth/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const email = "ann@example.com";
  const answer = await post("/signup", {
    email,
    password: "a long enough password",
    data: { language: "de" },
  });
  assert.equal(answer.status, 200, await answer.text());
  let mails: { subject: string; code: string }[] = [];
  while (mails.length === 0) {
    ({ mails } = (await (await fetch(`${mailbox.url}/api/mails`)).json()) as { mails: typeof mails });
    assert.ok(performance.now() - began < 3_000, "no mail");
  }
  const tookMs = performance.now() - began;
  t.diagnostic(`sign-up to mailbox ${Math.round(tookMs)} ms`);
  assert.match(mails[0]?.subject ?? "", /ist dein Code für Molt-OS/);
  const opened = await post("/verify", { type: "signup", email, token: mails[0]?.code });
  assert.equal(opened.status, 200);
});
