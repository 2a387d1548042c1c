/** Connections to providers: kept, checked, and given up in time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { localhostCertificate } from "./testing/localhost-certificate.ts";
import { providerAt, rawUpstream } from "./testing/raw-upstream.ts";
import { readWhole, Upstream } from "./upstream.ts";
import { TimedOut } from "./upstream-line.ts";

const ok = (body: string, more = "") =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`;
const hello = { path: "/messages", headers: {}, body: Buffer.from("{}") };

async function ask(upstream: Upstream, url: string, message = hello): Promise<string> {
  const line = upstream.reserve({ provider: providerAt(url), key: "the-key" });
  return (await readWhole(await line.send(message, 60_000), 1_000_000)).toString();
}

test("one connection carries call after call; the bot's own headers stay here, except a few", async (t) => {
  const asked: string[] = [];
  const { url, sockets } = await rawUpstream(t, (socket, request) => {
    asked.push(request);
    socket.write(ok("yes"));
  });
  const upstream = new Upstream();
  t.after(() => upstream.close());
  const betas = "interleaved-thinking-2025-05-14, code-execution-2025-08-25,context-1m-2025-08-07";
  const headers = {
    "anthropic-beta": betas,
    "content-type": "text/plain",
    "x-api-key": "molt_bot",
    cookie: "c",
    traceparent: "00",
  };
  for (let at = 0; at < 5; at += 1) assert.equal(await ask(upstream, url, { ...hello, headers }), "yes");
  assert.equal(sockets.length, 1);
  const authority = new URL(url).host;
  assert.equal(
    asked[0],
    `POST /v1/messages HTTP/1.1\r\nhost: ${authority}\r\ncontent-length: 2\r\naccept-encoding: identity\r\n` +
      "content-type: application/json\r\nanthropic-beta: interleaved-thinking-2025-05-14\r\nx-api-key: the-key\r\n\r\n{}",
  );
});

test("a reserved connection opens at once, and nothing is sent on it before the call", async (t) => {
  const asked: string[] = [];
  const { url, sockets } = await rawUpstream(t, (socket, request) => {
    asked.push(request);
    socket.write(ok("yes"));
  });
  const upstream = new Upstream();
  t.after(() => upstream.close());
  const line = upstream.reserve({ provider: providerAt(url), key: "k" });
  while (sockets.length === 0) await turn();
  assert.deepEqual([asked, sockets[0]?.bytesRead], [[], 0]);
  line.release();
  assert.equal(await ask(upstream, url), "yes");
  assert.equal(sockets.length, 1, "what was released is used again");
});

test("a connection that was closed while it waited is replaced, and one the provider gives up is not used again", async (t) => {
  const { url, sockets } = await rawUpstream(t, (socket) => socket.write(ok("yes", "connection: close\r\n")));
  const upstream = new Upstream();
  t.after(() => upstream.close());
  await ask(upstream, url);
  await ask(upstream, url);
  assert.equal(sockets.length, 2);
  const line = upstream.reserve({ provider: providerAt(url), key: "k" });
  while (sockets.length === 2) await turn();
  sockets[2]?.destroy();
  for (let at = 0; at < 20; at += 1) await turn();
  assert.equal((await readWhole(await line.send(hello, 60_000), 100)).toString(), "yes");
  assert.equal(sockets.length, 4);
});

test("bytes that nobody asked for end their connection", async (t) => {
  const { url, sockets } = await rawUpstream(t, (socket) => socket.write(ok("yes")));
  const upstream = new Upstream();
  t.after(() => upstream.close());
  await ask(upstream, url);
  sockets[0]?.write(ok("a forged answer to the next question"));
  while (!sockets[0]?.destroyed) await turn();
  assert.equal(await ask(upstream, url), "yes");
  assert.equal(sockets.length, 2);
});

test("an answer that breaks its framing is cut where it breaks", async (t) => {
  const broken = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nyes\r\nxyz\r\n";
  const { url, sockets } = await rawUpstream(t, (socket) => socket.write(broken));
  const upstream = new Upstream();
  t.after(() => upstream.close());
  await assert.rejects(ask(upstream, url), /was cut/);
  while (!sockets[0]?.destroyed) await turn();
});

test("a call that is not over by its deadline is cut, with its connection", async (t) => {
  const { url, sockets } = await rawUpstream(t, () => undefined);
  const upstream = new Upstream();
  t.after(() => upstream.close());
  const line = upstream.reserve({ provider: providerAt(url), key: "k" });
  await assert.rejects(line.send(hello, 20), /too long/);
  while (!sockets[0]?.destroyed) await turn();
});

test("what a provider was not asked yet is no call that it may bill", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { url, sockets } = await rawUpstream(t, () => undefined);
  const upstream = new Upstream();
  t.after(() => upstream.close());
  // It takes connections and never answers the handshake.
  const target = { provider: providerAt(url.replace("http:", "https:")), key: "k" };
  const sent = upstream.reserve(target).send(hello, 5_000);
  while (sockets.length === 0) await turn();
  t.mock.timers.tick(5_000);
  await assert.rejects(sent, (error) => error instanceof Error && !(error instanceof TimedOut));
});

test("a provider that hangs leaves connections for the others, and all have a bound together", async (t) => {
  const [hanging, other, third] = await Promise.all(
    [0, 1, 2].map(() => rawUpstream(t, (socket) => socket.write(ok("yes")))),
  );
  const upstream = new Upstream({ lines: 3, linesPerProvider: 2 });
  t.after(() => upstream.close());
  const take = (from = hanging) => upstream.reserve({ provider: providerAt(from?.url ?? ""), key: "k" });
  const lines = [take(), take()];
  assert.throws(() => take(), /to one provider/);
  assert.equal(await ask(upstream, other?.url ?? ""), "yes");
  assert.throws(() => take(third), /to providers/);
  // What is given back can be taken again.
  lines[0]?.release();
  take();
  assert.throws(() => take(), /to one provider/);
  for (const socket of hanging?.sockets ?? []) socket.destroy();
  while (!hasRoom()) await turn();

  function hasRoom(): boolean {
    try {
      return take() !== undefined;
    } catch {
      return false;
    }
  }
});

test("a key or header that would write a line of its own is not sent", async (t) => {
  const { url } = await rawUpstream(t, (socket) => socket.write(ok("yes")));
  const upstream = new Upstream();
  t.after(() => upstream.close());
  const line = upstream.reserve({ provider: providerAt(url), key: "k\r\nx-evil: 1" });
  await assert.rejects(line.send(hello, 1_000), /cannot be sent/);
  line.release();
  const headers = { "user-agent": "b\r\n\r\nPOST /v1/other" };
  await assert.rejects(ask(upstream, url, { ...hello, headers }), /cannot be sent/);
});

test("a large body goes out whole", async (t) => {
  const sizes: number[] = [];
  const { url, sockets } = await rawUpstream(t, (socket, request) => {
    sizes.push(request.length - request.indexOf("\r\n\r\n") - 4);
    socket.write(ok("yes"));
  });
  const upstream = new Upstream();
  t.after(() => upstream.close());
  const body = Buffer.alloc(5_000_000, "x");
  assert.equal(await ask(upstream, url, { ...hello, body }), "yes");
  assert.deepEqual([sizes, sockets.length], [[5_000_000], 1]);
});

test("TLS: the same answers from a provider whose certificate is good, none from another", async (t) => {
  const { url, sockets } = await rawUpstream(t, (socket) => socket.write(ok("secret")), localhostCertificate);
  const upstream = new Upstream();
  t.after(() => upstream.close());
  await assert.rejects(ask(upstream, url), /self-signed/);
  const trusted = getCACertificates("default");
  setDefaultCACertificates([...trusted, localhostCertificate.cert]);
  t.after(() => setDefaultCACertificates(trusted));
  for (let at = 0; at < 3; at += 1) assert.equal(await ask(upstream, url), "secret");
  assert.equal(sockets.length, 1);
  await assert.rejects(ask(upstream, url.replace("localhost", "127.0.0.1")), /altnames/);
});

test("a proxy that stops gives up what it has asked, as a limit of ours, and what it has not as nothing", async (t) => {
  const asked = Promise.withResolvers<void>();
  const { url } = await rawUpstream(t, () => asked.resolve());
  const upstream = new Upstream();
  const answer = ask(upstream, url);
  await asked.promise;
  const unasked = ask(upstream, "http://127.0.0.1:1/v1");
  upstream.close();
  await assert.rejects(answer, TimedOut);
  await assert.rejects(unasked, (error: unknown) => !(error instanceof TimedOut));
});
