/** Who gets through the door to the gateway, what passes in both directions, and how a connection ends. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import type { RawData } from "ws";
import { dialGateway } from "./gateway-call.ts";
import { bearer, get, post, setUp } from "./testing/door.ts";
import { TOKEN } from "./testing/scripted-gateway.ts";

const textOf = (data: RawData) => (Buffer.isBuffer(data) ? data.toString("utf8") : "");

/** Resolves with the close code; a socket that is refused before it opens rejects. */
const closeOf = async (socket: WebSocket) => {
  socket.on("error", () => {});
  const [code, reason] = await once(socket, "close");
  return { code: Number(code), reason: String(reason) };
};

for (const [name, headers] of [
  ["without a token", {}],
  ["with a wrong token", { authorization: "Bearer wrong-token-wrong-token" }],
  ["with the token in the wrong scheme", { authorization: `Basic ${TOKEN}` }],
  ["with half of the token", { authorization: `Bearer ${TOKEN.slice(0, 12)}` }],
] as const)
  test(`a caller ${name} gets 401 and never reaches the gateway`, async (t) => {
    const { gateway, ws, http } = await setUp(t);
    const socket = new WebSocket(ws, { headers });
    socket.on("error", () => {});
    const [, refused] = await once(socket, "unexpected-response");
    assert.equal(refused.statusCode, 401);
    assert.equal((await post(`${http}/suspend/prepare`, "{}", headers)).status, 401);
    assert.equal(gateway.headers.length, 0);
  });

test("a token in the address opens nothing, and unknown paths are not found", async (t) => {
  const { http, door } = await setUp(t);
  assert.equal((await get(`${http}/admin?token=${TOKEN}`)).status, 404);
  const socket = new WebSocket(`ws://127.0.0.1:${door.port}/other`, { headers: bearer });
  socket.on("error", () => {});
  const [, refused] = await once(socket, "unexpected-response");
  assert.equal(refused.statusCode, 404);
});

test("the gateway sees a loopback peer without Origin and forwarding headers", async (t) => {
  const { gateway, ws } = await setUp(t);
  const headers = {
    ...bearer,
    origin: "https://evil.example",
    "x-forwarded-for": "203.0.113.9",
    "fly-client-ip": "203.0.113.9",
    forwarded: "for=203.0.113.9",
    via: "1.1 fly.io",
  };
  const caller = await dialGateway({ url: ws, token: TOKEN, timeoutMs: 5_000, headers });
  caller.close();
  const seen = Object.keys(gateway.headers[0] ?? {});
  for (const name of Object.keys(headers)) assert.ok(!seen.includes(name), `${name} reached the gateway`);
});

test("frames pass both ways unchanged, also before the gateway has answered", async (t) => {
  const { gateway, ws } = await setUp(t);
  gateway.answers.set("echo", (params) => ({ ok: true, payload: params }));
  const socket = new WebSocket(ws, { headers: bearer });
  await once(socket, "open");
  const received: string[] = [];
  const both = Promise.withResolvers<void>();
  socket.on("message", (data) => {
    received.push(textOf(data));
    if (received.length === 2) both.resolve();
  });
  const text = "grüße 🦋";
  socket.send(
    JSON.stringify({ type: "req", id: "1", method: "echo", params: { text }, traceparent: "00-ab-cd-01" }),
  );
  await both.promise;
  assert.match(received[0] ?? "", /connect\.challenge/);
  assert.deepEqual(JSON.parse(received[1] ?? ""), { type: "res", id: "1", ok: true, payload: { text } });
  assert.equal(gateway.frames[0]?.traceparent, "00-ab-cd-01");
  socket.close();
});

test("a gateway that is not up closes the caller with 1013, try again", async (t) => {
  const { gateway, ws } = await setUp(t);
  await gateway.close();
  const closed = await closeOf(new WebSocket(ws, { headers: bearer }));
  assert.deepEqual(closed, { code: 1013, reason: "gateway not ready" });
});

test("the gateway's close code is handed on, and a gateway that dies looks like a restart", async (t) => {
  const { gateway, ws } = await setUp(t);
  gateway.answers.set("bye", (_params, socket) => {
    socket.close(4001, "gateway auth changed");
    return { ok: true, payload: {} };
  });
  gateway.answers.set("die", (_params, socket) => {
    socket.terminate();
    return { ok: true, payload: {} };
  });
  const ask = async (method: string) => {
    const socket = new WebSocket(ws, { headers: bearer });
    await once(socket, "message");
    socket.send(JSON.stringify({ type: "req", id: "1", method, params: {} }));
    return closeOf(socket);
  };
  assert.deepEqual(await ask("bye"), { code: 4001, reason: "gateway auth changed" });
  assert.deepEqual(await ask("die"), { code: 1012, reason: "gateway gone" });
});

test("a binary frame is refused with 1003", async (t) => {
  const { ws } = await setUp(t);
  const socket = new WebSocket(ws, { headers: bearer });
  await once(socket, "message");
  socket.send(Buffer.from([1, 2, 3]));
  assert.equal((await closeOf(socket)).code, 1003);
});

test("a frame above 26 MB is refused with 1009", async (t) => {
  const { ws } = await setUp(t);
  const socket = new WebSocket(ws, { headers: bearer });
  await once(socket, "message");
  socket.send("x".repeat(26_214_401));
  assert.equal((await closeOf(socket)).code, 1009);
});

test("a reader that stops reading is cut off instead of filling the memory", async (t) => {
  const { gateway, ws } = await setUp(t, { maxBufferedBytes: 65_536, stallMs: 100 });
  const gone = Promise.withResolvers<void>();
  gateway.answers.set("flood", (_params, socket) => {
    socket.once("close", () => gone.resolve());
    const row = JSON.stringify({ type: "event", event: "agent", payload: "x".repeat(1_000_000) });
    for (let sent = 0; sent < 40; sent += 1) socket.send(row, () => {});
    return { ok: true, payload: {} };
  });
  const socket = new WebSocket(ws, { headers: bearer });
  socket.on("error", () => {});
  await once(socket, "message");
  socket.send(JSON.stringify({ type: "req", id: "1", method: "flood", params: {} }));
  socket.pause();
  await gone.promise;
  assert.equal(gateway.sockets.size, 0);
  socket.terminate();
});

test("a slow reader that catches up gets every frame", async (t) => {
  const { gateway, ws } = await setUp(t, { maxBufferedBytes: 65_536 });
  gateway.answers.set("burst", (_params, socket) => {
    for (let n = 0; n < 20; n += 1) socket.send(JSON.stringify({ n, fill: "x".repeat(500_000) }));
    return { ok: true, payload: {} };
  });
  const socket = new WebSocket(ws, { headers: bearer });
  await once(socket, "message");
  const seen: number[] = [];
  const all = Promise.withResolvers<void>();
  socket.on("message", (data) => {
    const frame = JSON.parse(textOf(data));
    if (frame.type === "res") return all.resolve();
    seen.push(frame.n);
    socket.pause();
    setImmediate(() => socket.resume());
  });
  socket.send(JSON.stringify({ type: "req", id: "1", method: "burst", params: {} }));
  await all.promise;
  assert.deepEqual(seen, [...Array(20).keys()]);
  socket.close();
});

test("a peer that answers no ping is gone, as after a suspension", async (t) => {
  const { gateway, ws } = await setUp(t, { pingMs: 20 });
  const socket = new WebSocket(ws, { headers: bearer, autoPong: false });
  await once(socket, "message");
  const [relayed] = gateway.sockets;
  assert.ok(relayed);
  await Promise.all([closeOf(socket), once(relayed, "close")]);
});

test("a closing door sends its callers away with 1012", async (t) => {
  const { door, ws } = await setUp(t);
  const socket = new WebSocket(ws, { headers: bearer });
  await once(socket, "message");
  const [closed] = await Promise.all([closeOf(socket), door.close()]);
  assert.equal(closed.code, 1012);
});
