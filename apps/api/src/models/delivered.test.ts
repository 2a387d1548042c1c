/** A client that takes its answer slowly, or never, keeps its call until then. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get, request } from "node:http";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { delivered } from "./delivered.ts";
import { hello, streamed } from "./testing/hello.ts";
import { testProxy } from "./testing/proxy.ts";
import { listen, rawUpstream } from "./testing/raw-upstream.ts";

/** More than the system keeps of a connection that nobody reads. */
const LARGE = Buffer.alloc(40 * 1024 * 1024, " ");

test("an answer is delivered when the client has taken it, and given up when it takes nothing", async (t) => {
  let stalledMs = 60_000;
  const ends: string[] = [];
  const server = createServer((_req, res) => {
    res.end(LARGE);
    void delivered(res, stalledMs).then(() => ends.push(res.writableFinished ? "taken" : "given up"));
  });
  const url = `http://127.0.0.1:${await listen(t, server)}`;
  t.after(() => server.closeAllConnections());
  const [res] = await once(get(url), "response");
  assert.deepEqual(ends, []);
  let size = 0;
  for await (const chunk of res) size += (chunk as Buffer).length; // a response without an encoding
  assert.equal(size, LARGE.length);
  stalledMs = 10;
  const [unread] = await once(get(url), "response");
  while (ends.length < 2) await turn();
  await assert.rejects(unread.toArray(), /aborted/);
  assert.deepEqual(ends, ["taken", "given up"]);
});

test("a client that does not read its answer keeps its place among the bot's calls until it does", async (t) => {
  const usage = JSON.stringify({ usage: { input_tokens: 21, output_tokens: 15 } });
  const length = usage.length + LARGE.length;
  const upstream = await rawUpstream(t, (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`);
    socket.write(usage);
    socket.write(LARGE);
  });
  const { call, proxy, bot, settledRows } = await testProxy(t, {
    env: { ANTHROPIC_BASE_URL: upstream.url },
    limits: { concurrent: 1, perMinute: 100_000 },
  });
  const req = request(`${proxy.url}/v1/messages`, { method: "POST", headers: { "x-api-key": bot.key } });
  req.end(JSON.stringify(hello));
  const [res] = await once(req, "response");
  const [row] = await settledRows(1);
  assert.deepEqual([row?.state, row?.tokens_out], ["settled", 15n]);
  assert.equal((await call("/v1/messages", hello)).status, 429);
  for await (const chunk of res) assert.ok(chunk);
  while ((await call("/v1/models", undefined)).status === 429);
});

test("F93 an answer nobody waits for keeps its place among the bot's calls until it has ended", async (t) => {
  const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
  const start = event({ type: "message_start", message: { usage: { input_tokens: 21, output_tokens: 1 } } });
  const end = event({
    type: "message_delta",
    delta: { stop_reason: "end_turn" },
    usage: { output_tokens: 15 },
  });
  const upstream = await rawUpstream(t, (socket) =>
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n${start}`),
  );
  const { call, settledRows } = await testProxy(t, {
    env: { ANTHROPIC_BASE_URL: upstream.url },
    limits: { concurrent: 1, perMinute: 100_000 },
  });
  await call("/v1/messages", streamed, { leaveAfterBytes: 1 });
  for (let at = 0; at < 5; at += 1) assert.equal((await call("/v1/models", undefined)).status, 429);
  upstream.sockets[0]?.end(end);
  const [row] = await settledRows(1);
  assert.deepEqual([row?.state, row?.tokens_out], ["settled", 15n]);
  while ((await call("/v1/models", undefined)).status === 429);
});
