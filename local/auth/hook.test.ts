/** The "send email" hook as GoTrue calls it, and the one call of the administration. */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";

import { errorOf, password, siteUrl, startWorld } from "./testing/world.ts";
import type { World } from "./testing/world.ts";

const secrets = [randomBytes(32), randomBytes(24)].map((key) => `v1,whsec_${key.toString("base64")}`);
const secretKey = "sb_secret_test";

interface Delivery {
  headers: IncomingHttpHeaders;
  text: string;
  user: { id: string; email: string; new_email?: string; user_metadata: Record<string, unknown> };
  email_data: Record<string, string>;
}
interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Never answers. */
  hang?: boolean;
}

/** An address of the product that answers as it is told, and tells what it was sent. */
async function startHook(t: TestContext) {
  const deliveries: Delivery[] = [];
  let answers: Answer[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      deliveries.push({ headers: request.headers, text, ...JSON.parse(text) });
      const { status = 200, headers = {}, body = "{}", hang = false } = answers.shift() ?? {};
      if (!hang) response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const env = {
    HOOK_SEND_EMAIL_URI: `http://127.0.0.1:${port}/hook`,
    HOOK_SEND_EMAIL_SECRETS: secrets.join("|"),
    SECRET_KEY: secretKey,
    AUTOCONFIRM: "false",
  };
  return { env, deliveries, answer: (...next: Answer[]) => void (answers = next) };
}

async function world(t: TestContext, more: Record<string, string> = {}) {
  const hook = await startHook(t);
  return { hook, service: await startWorld(t, { ...hook.env, ...more }) };
}

const last = (deliveries: readonly Delivery[]): Delivery => {
  const delivery = deliveries.at(-1);
  assert.ok(delivery, "nothing was delivered");
  return delivery;
};
const mailsIn = async (service: World): Promise<unknown[]> => {
  const answer = await fetch(`${service.mailbox.url}/api/mails`);
  return ((await answer.json()) as { mails: unknown[] }).mails;
};

test("a mail goes to the hook, signed with every secret, and none over SMTP", async (t) => {
  const { hook, service } = await world(t);
  const email = service.address();
  const { error } = await service
    .client()
    .signUp({ email, password, options: { data: { language: "de" }, emailRedirectTo: `${siteUrl}/chat` } });
  assert.equal(error, null);
  const { headers, text, user, email_data } = last(hook.deliveries);
  const signed = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${text}`;
  const wanted = secrets.map((secret) => {
    const key = Buffer.from(secret.slice("v1,whsec_".length), "base64");
    return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
  });
  assert.equal(headers["webhook-signature"], wanted.join(", "));
  assert.ok(Math.abs(Number(headers["webhook-timestamp"]) * 1000 - Date.now()) < 60_000);
  assert.deepEqual([user.email, user.user_metadata["language"]], [email, "de"]);
  assert.equal(email_data["email_action_type"], "signup");
  assert.equal(email_data["redirect_to"], `${siteUrl}/chat`);
  assert.match(email_data["token"] ?? "", /^\d{6}$/);
  assert.deepEqual(await mailsIn(service), []);
});

test("the code that was delivered opens, and so does the link of a magic link", async (t) => {
  const { hook, service } = await world(t);
  const email = service.address();
  await service.client().signUp({ email, password });
  const token = last(hook.deliveries).email_data["token"] ?? "";
  const opened = await service.client().verifyOtp({ email, token, type: "signup" });
  assert.equal(opened.error, null);
  await service.client().signInWithOtp({ email });
  const { email_data } = last(hook.deliveries);
  assert.equal(email_data["email_action_type"], "magiclink");
  const query = new URLSearchParams({ token: email_data["token_hash"] ?? "", type: "magiclink" });
  const landed = await service.raw(`/auth/v1/verify?${query.toString()}`);
  assert.equal(landed.status, 303);
  assert.match(landed.headers.get("location") ?? "", /#access_token=/);
});

test("both sides of a change of address are one delivery, and each code opens its own side", async (t) => {
  const { hook, service } = await world(t, { AUTOCONFIRM: "true" });
  const [old, next] = [service.address(), service.address()];
  const client = service.client();
  await client.signUp({ email: old, password });
  await service.control({ autoconfirm: false });
  assert.equal((await client.updateUser({ email: next })).error, null);
  assert.equal(hook.deliveries.length, 1);
  const { user, email_data } = last(hook.deliveries);
  assert.deepEqual(
    [user.email, user.new_email, email_data["email_action_type"]],
    [old, next, "email_change"],
  );
  // As GoTrue crosses them: `token` with `token_hash_new` for the present address.
  const { token = "", token_hash_new: hash = "", token_new: newToken = "" } = email_data;
  assert.ok(hash !== "" && email_data["token_hash"] !== "");
  const half = await service.client().verifyOtp({ email: old, token, type: "email_change" });
  assert.equal(half.error, null);
  const whole = await service.client().verifyOtp({ email: next, token: newToken, type: "email_change" });
  assert.equal(whole.data.user?.email, next);
});

test("the caller hears what the hook refuses, and may ask again at once", async (t) => {
  const { hook, service } = await world(t);
  const email = service.address();
  // The official client reads no code out of a 500: it may pass.
  const cases: [Answer, unknown[]][] = [
    [{ status: 400 }, [500, undefined]],
    [{ status: 401 }, [500, undefined]],
    [{ status: 500 }, [500, undefined]],
    [{ status: 503 }, [500, undefined]],
    [{ body: "<html>" }, [500, undefined]],
    [{ body: '{"error":{"http_code":403,"message":"Not you."}}' }, [403, "unexpected_failure"]],
  ];
  for (const [answer, wanted] of cases) {
    hook.answer(answer);
    assert.deepEqual(
      errorOf(await service.client().signInWithOtp({ email })),
      wanted,
      JSON.stringify(answer),
    );
  }
  const refused = last(hook.deliveries).email_data["token"] ?? "";
  assert.deepEqual(errorOf(await service.client().verifyOtp({ email, token: refused, type: "email" })), [
    403,
    "otp_expired",
  ]);
  hook.answer({});
  assert.equal((await service.client().signInWithOtp({ email })).error, null);
});

test("a hook that asks for it is asked again, under another id with the same code", async (t) => {
  const { hook, service } = await world(t);
  hook.answer({ status: 503, headers: { "retry-after": "true" } });
  assert.equal((await service.client().signInWithOtp({ email: service.address() })).error, null);
  const [first, second] = hook.deliveries;
  assert.ok(first && second && hook.deliveries.length === 2);
  assert.equal(first.text, second.text);
  assert.notEqual(first.headers["webhook-id"], second.headers["webhook-id"]);
});

test("a hook that never answers costs the caller the time-out and no more", async (t) => {
  const { hook, service } = await world(t, { HOOK_TIMEOUT_MS: "150" });
  hook.answer({ hang: true });
  const email = service.address();
  assert.deepEqual(errorOf(await service.client().signInWithOtp({ email })), [422, "hook_timeout"]);
  assert.equal((await service.client().signInWithOtp({ email })).error, null, "and the next try goes on");
});

test("half a hook stops the start", async (t) => {
  await assert.rejects(
    startWorld(t, { HOOK_SEND_EMAIL_URI: "http://127.0.0.1:1/" }),
    /HOOK_SEND_EMAIL_SECRETS/,
  );
  await assert.rejects(startWorld(t, { HOOK_SEND_EMAIL_SECRETS: secrets[0] ?? "" }), /HOOK_SEND_EMAIL_URI/);
});

test("the administration deletes a user for good, once, and only for the secret key", async (t) => {
  const { service } = await world(t, { AUTOCONFIRM: "true" });
  const email = service.address();
  const client = service.client();
  const { data } = await client.signUp({ email, password });
  await client.resetPasswordForEmail(email);
  const id = data.user?.id ?? "";
  const remove = (user: string, headers: Record<string, string>) =>
    service.raw(`/auth/v1/admin/users/${user}`, { method: "DELETE", headers });
  const admin = { apikey: secretKey, authorization: `Bearer ${secretKey}` };
  const publishable = { apikey: "sb_publishable_test" };
  const bearer = { authorization: `Bearer ${data.session?.access_token}` };
  assert.equal((await remove(id, publishable)).status, 401);
  assert.equal((await remove(id, { ...publishable, ...bearer })).status, 403, "not with one's own token");
  assert.equal((await remove(id, { ...publishable, authorization: admin.authorization })).status, 403);
  assert.equal((await remove("nobody", admin)).status, 404);
  assert.equal((await remove(id, admin)).status, 200);
  assert.equal((await remove(id, admin)).status, 404);
  assert.deepEqual(errorOf(await client.getUser()), [403, "user_not_found"]);
  for (const table of [
    "users",
    "sessions",
    "one_time_codes",
    "mail_intents",
    "mail_limits",
    "audit_log_entries",
  ]) {
    const { rows } = await service.db.query(`select t::text from auth.${table} t where t::text like $1`, [
      `%${email}%`,
    ]);
    assert.deepEqual(rows, [], table);
  }
  assert.equal((await service.client().signUp({ email, password })).error, null, "the address is free again");
});
