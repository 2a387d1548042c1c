/** RFC 8058: the mail program's own button against the weekly mail. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createAuthenticator } from "../http/authenticate.ts";
import { buildServer } from "../http/build-server.ts";
import { manualClock, testDeps } from "../testing/deps.ts";
import { confirmWaitlist } from "../waitlist/confirm-waitlist.ts";
import { mailRoutes } from "./routes.ts";
import { digestTo, listen, post, sendBy, welcomeTo } from "./testing/post.ts";

async function serveMail(t: TestContext) {
  const { log, lines } = listen();
  const deps = { ...(await testDeps(t, { clock: manualClock() })), log };
  const app = await buildServer(deps);
  t.after(() => app.close());
  const server = {
    app,
    authenticator: createAuthenticator({
      ...deps,
      findBot: async () => undefined,
      accountState: async () => "open",
    }),
  };
  mailRoutes(server, deps);
  const oneClick = (url: string, payload = "List-Unsubscribe=One-Click", type = form) =>
    app.inject({ method: "POST", url, headers: { "content-type": type }, payload });
  return { deps, app, oneClick, lines };
}
const form = "application/x-www-form-urlencoded";

/** Sends a digest, and reads from it the address of the button. */
async function buttonOf(deps: Awaited<ReturnType<typeof serveMail>>["deps"], recipient: string) {
  await digestTo(deps, recipient, `digest/1/${recipient}`);
  let url = "";
  await sendBy(deps, async (mail) => void (url = mail.oneClickUrl ?? ""));
  assert.ok(url.startsWith("http://127.0.0.1:1/mail/unsubscribe/one-click?token="), url);
  return url.slice("http://127.0.0.1:1".length);
}

test("the weekly mail carries both headers of RFC 8058, a mail that must come carries none", async (t) => {
  const { deps, send, received } = await post(t);
  await digestTo(deps, "ann@example.com", "digest/1");
  await welcomeTo(deps, "bob@example.com");
  await send();
  const mails = await received();
  const welcome = mails.find(({ to }) => to[0] === "bob@example.com");
  assert.ok(welcome);
  assert.doesNotMatch(JSON.stringify(welcome.headers), /list-unsubscribe/i);
  const digest = mails.find(({ to }) => to[0] === "ann@example.com");
  const header = (name: string) => digest?.headers.filter((one) => one.name.toLowerCase() === name);
  assert.deepEqual(
    header("list-unsubscribe-post")?.map(({ value }) => value),
    ["List-Unsubscribe=One-Click"],
  );
  const [where, ...more] = header("list-unsubscribe") ?? [];
  assert.deepEqual(more, []);
  const url = /http:\/\/127\.0\.0\.1:1\/mail\/unsubscribe\/one-click\?token=([A-Za-z0-9_-]{43})/;
  const token = url.exec(JSON.stringify(where))?.[1];
  assert.ok(token, JSON.stringify(where));
  assert.ok(!`${digest?.text} ${digest?.html}`.includes(token), "the page's link has another one");
});

for (const { type, payload } of [
  { type: form, payload: "List-Unsubscribe=One-Click" },
  {
    type: "multipart/form-data; boundary=b",
    payload: '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
  },
]) {
  test(`one click as ${type.split(";")[0]} stops this kind of mail to this address, and no other`, async (t) => {
    const { deps, oneClick } = await serveMail(t);
    const url = await buttonOf(deps, "ann@example.com");
    for (const time of ["once", "again"]) {
      const answer = await oneClick(url, payload, type);
      assert.deepEqual([answer.statusCode, answer.json()], [200, { ok: true }], time);
    }
    const sent: string[] = [];
    for (const recipient of ["ann@example.com", "bob@example.com"])
      await digestTo(deps, recipient, `digest/2/${recipient}`);
    await sendBy(deps, async ({ to }) => void sent.push(to));
    assert.deepEqual(sent, ["bob@example.com"]);
  });
}

test("opening the address stops nothing: it leads to the page, whose button does", async (t) => {
  const { deps, app, oneClick } = await serveMail(t);
  const url = await buttonOf(deps, "ann@example.com");
  const opened = await app.inject({ method: "GET", url });
  const token = url.split("=")[1] ?? "";
  assert.deepEqual(
    [opened.statusCode, opened.headers.location],
    [303, `http://127.0.0.1:3/mail/unsubscribe#${token}`],
  );
  for (const [payload, type] of [
    ["", form],
    ["List-Unsubscribe=Later", form],
    ['{"List-Unsubscribe":"One-Click"}', "application/json"],
    ["List-Unsubscribe=One-Click", "text/plain"],
    ["x".repeat(5_000), form],
  ] as const)
    assert.ok((await oneClick(url, payload, type)).statusCode >= 400, payload.slice(0, 40));
  assert.equal((await oneClick("/mail/unsubscribe/one-click?token=short")).statusCode, 400);
  await digestTo(deps, "ann@example.com", "digest/2");
  assert.match(await sendBy(deps, async () => undefined), /^sent 1 /, "nothing was stopped");
  const pressed = await app.inject({ method: "POST", url: "/mail/unsubscribe", payload: { token } });
  assert.equal(pressed.statusCode, 200);
  await digestTo(deps, "ann@example.com", "digest/3");
  assert.match(await sendBy(deps, async () => undefined), /1 are dead/);
});

test("the token in the address opens nothing else, and stands in no line of the log", async (t) => {
  const { deps, app, oneClick, lines } = await serveMail(t);
  const url = await buttonOf(deps, "ann@example.com");
  const token = url.split("=")[1] ?? "";
  await oneClick(url);
  await oneClick(url, "nonsense");
  await app.inject({ method: "GET", url });
  assert.match(lines.join(""), /"path":"\/mail\/unsubscribe\/one-click"/);
  assert.ok(!lines.join("").includes(token), lines.join(""));
  await assert.rejects(confirmWaitlist(deps, token));
});
