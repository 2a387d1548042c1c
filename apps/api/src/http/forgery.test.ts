/**
 * F108: nobody makes our own fetchers go elsewhere. What leaves the api goes to addresses of the
 * configuration and to names we made ourselves (`<app>.flycast`); what a user, a bot or a service on
 * the other side can say is a path, a header, a body or a redirect. A trap listens on loopback, where
 * metadata services, databases and other people's bots would be: nothing may ever reach it.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test, type TestContext } from "node:test";
import { deleteAuthUser } from "../accounts/supabase.ts";
import { passAuthThrough } from "../accounts/pass-auth-through.ts";
import { stripeOf } from "../billing/stripe.ts";
import { systemClock } from "../clock.ts";
import { readConfig } from "../config.ts";
import { createDoor } from "../fleet/door.ts";
import { createFly } from "../fleet/fly.ts";
import { probeGateway } from "../link/probe-gateway.ts";
import { PROVIDER_KEY, testProxy } from "../models/testing/proxy.ts";
import { testDeps, testEnvironment } from "../testing/deps.ts";
import { buildServer } from "./build-server.ts";

async function listen(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a host and port
}

/** A place that must stay unvisited. */
async function trap(t: TestContext): Promise<{ url: string; visits: string[] }> {
  const visits: string[] = [];
  const url = await listen(t, (request, response) => {
    visits.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.end("{}");
  });
  return { url, visits };
}

/** A service that sends everybody away. 307 and 308 would take method, body and headers along. */
async function redirecting(t: TestContext, to: string, status = 307) {
  const asked: IncomingMessage[] = [];
  const url = await listen(t, (request, response) => {
    asked.push(request);
    request.resume();
    response.writeHead(status, { location: `${to}/taken` }).end();
  });
  return { url, asked };
}

/** Bytes as they are: an HTTP client would not send such a request. */
async function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.setTimeout(10_000, () => socket.destroy(new Error("no answer")));
  socket.write(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const words = { model: "molt-demo-1", max_tokens: 20, messages: [{ role: "user", content: "Hello" }] };
const soon = () => AbortSignal.timeout(10_000);

test("F108 an absolute address or a foreign host in a bot's request leads nowhere else", async (t) => {
  const { url, visits } = await trap(t);
  const { proxy, bot, truth } = await testProxy(t);
  const body = JSON.stringify(words);
  const ask = (target: string, host: string) =>
    raw(
      proxy.url,
      `POST ${target} HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${bot.key}\r\nContent-Type: application/json\r\n` +
        `X-Forwarded-Host: ${host}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
  const host = new URL(url).host;
  for (const target of [`${url}/v1/messages`, `http://169.254.169.254/v1/messages`, `//${host}/v1/messages`])
    assert.match(await ask(target, host), /^HTTP\/1\.1 404 /, target);
  assert.equal((await truth()).length, 0);
  // The right path under a foreign name is the right path.
  assert.match(await ask("/v1/messages", host), /^HTTP\/1\.1 200 /);
  assert.equal((await truth()).length, 1);
  assert.match(await raw(proxy.url, `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`), /^$|^HTTP\/1\.1 4/);
  assert.deepEqual(visits, []);
});

test("F108 addresses in a bot's words are words: they are passed on and never fetched by us", async (t) => {
  const { url, visits } = await trap(t);
  const { call } = await testProxy(t);
  const image = { type: "image", source: { type: "url", url: `${url}/picture.png` } };
  const claude = await call("/v1/messages", { ...words, messages: [{ role: "user", content: [image] }] });
  assert.equal(claude.status, 200);
  const part = { type: "image_url", image_url: { url: `${url}/picture.png` } };
  const gpt = await call("/v1/chat/completions", {
    model: "gpt-5.6-terra",
    messages: [{ role: "user", content: [{ type: "text", text: "see" }, part] }],
  });
  assert.equal(gpt.status, 200);
  assert.deepEqual(visits, []);
});

for (const status of [301, 302, 303, 307, 308])
  test(`F108 a provider's ${status} is not followed, costs nothing and is an outage to the bot`, async (t) => {
    const { url, visits } = await trap(t);
    const away = await redirecting(t, url, status);
    const { call, settledRows } = await testProxy(t, { env: { MOLT_DEMO_MODEL_URL: away.url } });
    const answer = await call("/v1/messages", words);
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.location, undefined);
    assert.ok(!answer.text.includes(url));
    assert.equal(away.asked[0]?.headers["x-api-key"], PROVIDER_KEY);
    const counted = await call("/v1/messages/count_tokens", words);
    assert.deepEqual([counted.status, counted.headers.location], [503, undefined]);
    const [row] = await settledRows(1);
    assert.deepEqual([row?.state, row?.cost_picos], ["settled", 0n]);
    assert.deepEqual(visits, []);
  });

test("F108 Fly, Stripe and the sign-in service cannot send our keys elsewhere", async (t) => {
  const { url, visits } = await trap(t);
  const away = await redirecting(t, url);
  const config = readConfig(
    testEnvironment({
      FLY_FLAPS_BASE_URL: away.url,
      STRIPE_API_BASE: away.url,
      SUPABASE_URL: away.url,
    }),
  );
  const fly = createFly(config.fly, systemClock());
  await assert.rejects(fly.listApps(soon()));
  await assert.rejects(stripeOf({ config }).customers.retrieve("cus_1", undefined, { maxNetworkRetries: 0 }));
  await assert.rejects(deleteAuthUser(config, crypto.randomUUID(), soon()));
  assert.ok(away.asked.length >= 3);
  assert.deepEqual(visits, []);
});

test("F108 a bot's door cannot send its token elsewhere", async (t) => {
  const { url, visits } = await trap(t);
  const away = await redirecting(t, url, 302);
  const config = readConfig(testEnvironment({ FLYCAST_DIAL_URL: away.url }));
  const bot = { botId: crypto.randomUUID(), flyAppId: "molt-bot-1", gatewayToken: "canary-token" };
  const door = createDoor(config.fly);
  assert.equal(await door.isReady(bot.flyAppId, soon()), false);
  const asked = { app: bot.flyAppId, token: bot.gatewayToken };
  await assert.rejects(door.prepareSleep(asked, crypto.randomUUID(), soon()));
  await assert.rejects(probeGateway({ config, clock: systemClock() }, bot, soon()), {
    why: "the door answered 302",
  });
  assert.ok(away.asked.every((request) => request.headers.host === "molt-bot-1.flycast"));
  assert.deepEqual(visits, []);
});

test("F108 /auth/v1 reaches the sign-in service's own paths alone, and hands its redirects to the browser", async (t) => {
  const { url, visits } = await trap(t);
  const away = await redirecting(t, url, 303);
  const deps = await testDeps(t, { env: { SUPABASE_URL: away.url } });
  const app = await buildServer(deps);
  t.after(() => app.close());
  await passAuthThrough(app, deps);
  const api = await app.listen({ host: "127.0.0.1", port: 0 });
  const host = new URL(url).host;
  for (const target of [
    "/auth/v1/verify?redirect_to=" + encodeURIComponent(url),
    `${url}/auth/v1/verify`,
    `/auth/v1/${url}`,
    `/auth/v1//${host}/x`,
    `/auth/v1/@${host}/x`,
    "/auth/v1/../rest/v1/users",
    "/auth/v1/%2e%2e/rest/v1/users",
    "/auth/v1/..%2frest/v1/users",
    "/auth/v1/\\..\\rest\\v1\\users",
  ])
    await raw(api, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  assert.ok(away.asked.length > 0);
  for (const { url: path = "", headers } of away.asked) {
    const resolved = new URL(path, "http://auth").pathname;
    assert.ok(resolved.startsWith("/auth/v1/"), path);
    assert.ok(!decodeURIComponent(resolved).replaceAll("\\", "/").split("/").includes(".."), path);
    assert.equal(headers.host, new URL(away.url).host);
  }
  const browser = await raw(api, "GET /auth/v1/verify HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n");
  assert.match(browser, /^HTTP\/1\.1 303 /);
  assert.match(browser, new RegExp(`location: ${url}/taken`, "i"));
  assert.deepEqual(visits, []);
});
