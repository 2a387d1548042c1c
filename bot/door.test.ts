import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { WebSocket } from "ws";
import type { RawData } from "ws";
import { openDoor } from "./door.ts";
import { dialGateway, GatewayError } from "./gateway-call.ts";
import { createLog } from "./log.ts";
import { watchReadiness } from "./readiness.ts";
import { relayLimits } from "./relay.ts";
import type { RelayLimits } from "./relay.ts";
import { startScriptedGateway, TOKEN } from "./testing/scripted-gateway.ts";

const textOf = (data: RawData) => (Buffer.isBuffer(data) ? data.toString("utf8") : "");
const quiet = createLog(() => {}, []);
const bearer = { authorization: `Bearer ${TOKEN}` };

/** A door before a scripted gateway whose process is said to live. */
async function setUp(t: TestContext, limits: Partial<RelayLimits> = {}) {
  const gateway = await startScriptedGateway(t);
  const life = { alive: true, generation: 1 };
  const ready = Promise.withResolvers<void>();
  const readiness = watchReadiness({
    gatewayPort: gateway.port,
    token: TOKEN,
    process: { alive: () => life.alive, generation: () => life.generation },
    log: quiet,
    warmUp: false,
    onWarm: ready.resolve,
  });
  const door = await openDoor({
    host: "127.0.0.1",
    port: 0,
    token: TOKEN,
    gatewayPort: gateway.port,
    readiness: () => readiness.check(),
    log: quiet,
    limits: { ...relayLimits, ...limits },
  });
  t.after(async () => {
    readiness.stop();
    await door.close();
  });
  const http = `http://127.0.0.1:${door.port}`;
  return {
    gateway,
    life,
    readiness,
    ready: ready.promise,
    door,
    http,
    ws: `ws://127.0.0.1:${door.port}/gateway`,
  };
}

const get = async (url: string) => {
  const answer = await fetch(url);
  return { status: answer.status, body: await answer.json() };
};
const post = async (url: string, body: string, headers: Record<string, string> = bearer) => {
  const answer = await fetch(url, { method: "POST", body, headers });
  // Bodies are compared whole or by one named field; what is not there is undefined.
  return { status: answer.status, body: (await answer.json()) as { error?: { code: string } } };
};
/** Resolves with the close code; a socket that is refused before it opens rejects. */
const closeOf = async (socket: WebSocket) => {
  socket.on("error", () => {});
  const [code, reason] = await once(socket, "close");
  return { code: Number(code), reason: String(reason) };
};

test("a door is ready only after a real handshake with the gateway that runs now", async (t) => {
  const { gateway, life, readiness, ready, http } = await setUp(t);
  assert.deepEqual(await get(`${http}/healthz`), { status: 200, body: { ok: true } });
  gateway.failing = ["startup-sidecars"];
  assert.deepEqual(await get(`${http}/readyz`), {
    status: 503,
    body: { ready: false, failing: ["gateway-readyz", "startup-sidecars"] },
  });
  gateway.failing = [];
  assert.deepEqual((await get(`${http}/readyz`)).body, { ready: false, failing: ["gateway-connect"] });
  readiness.start(1);
  await ready;
  assert.deepEqual(await get(`${http}/readyz`), {
    status: 200,
    body: { ready: true, bootId: "boot-1", version: "2026.9.6" },
  });
  life.generation = 2;
  assert.deepEqual((await get(`${http}/readyz`)).body, { ready: false, failing: ["gateway-connect"] });
  life.alive = false;
  assert.deepEqual((await get(`${http}/readyz`)).body, { ready: false, failing: ["gateway-process"] });
});

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

test("an idle bot is fenced for sleep, with the time its own schedule calls next", async (t) => {
  const { gateway, http } = await setUp(t);
  gateway.answers.set("cron.status", () => ({ ok: true, payload: { nextWakeAtMs: 1_795_852_800_000 } }));
  gateway.answers.set("gateway.suspend.prepare", ({ requestId }) => ({
    ok: true,
    payload: { status: "ready", suspensionId: `s-${String(requestId)}`, expiresAtMs: 5, blockers: [] },
  }));
  assert.deepEqual(await post(`${http}/suspend/prepare`, '{"requestId":"sleep-1"}'), {
    status: 200,
    body: { ready: true, suspensionId: "s-sleep-1", expiresAtMs: 5, nextWakeAtMs: 1_795_852_800_000 },
  });
});

test("a bot at work is not fenced, and says what it is doing", async (t) => {
  const { gateway, http } = await setUp(t);
  const blockers = [{ kind: "chat-run", count: 1, message: "1 active chat run(s)" }];
  gateway.answers.set("cron.status", () => ({ ok: true, payload: { nextWakeAtMs: null } }));
  gateway.answers.set("gateway.suspend.prepare", () => ({
    ok: true,
    payload: { status: "busy", reason: "active-work", retryAfterMs: 20_000, blockers },
  }));
  assert.deepEqual(await post(`${http}/suspend/prepare`, ""), {
    status: 409,
    body: { busy: true, blockers, retryAfterMs: 20_000 },
  });
});

test("a woken bot is unfenced with the id the door remembers, and twice is once", async (t) => {
  const { gateway, http } = await setUp(t);
  gateway.answers.set("cron.status", () => ({ ok: true, payload: { nextWakeAtMs: null } }));
  gateway.answers.set("gateway.suspend.prepare", () => {
    gateway.phase = "prepared";
    return { ok: true, payload: { status: "ready", suspensionId: "s-7", expiresAtMs: 5 } };
  });
  gateway.answers.set("gateway.suspend.resume", ({ suspensionId }) => {
    assert.equal(suspensionId, "s-7");
    gateway.phase = "accepting";
    return { ok: true, payload: { ok: true, status: "running", resumed: true } };
  });
  await post(`${http}/suspend/prepare`, "{}");
  assert.deepEqual(await post(`${http}/suspend/resume`, "{}"), {
    status: 200,
    body: { ready: true, resumed: true },
  });
  assert.deepEqual(await post(`${http}/suspend/resume`, "{}"), {
    status: 200,
    body: { ready: true, resumed: false },
  });
});

test("a bad body is refused with a code, and a dead gateway is 503", async (t) => {
  const { gateway, http } = await setUp(t);
  assert.equal((await post(`${http}/suspend/prepare`, "{")).body.error?.code, "invalid_input");
  assert.equal((await post(`${http}/suspend/prepare`, `{"a":"${"x".repeat(5_000)}"}`)).status, 400);
  await gateway.close();
  const dead = await post(`${http}/suspend/prepare`, "{}");
  assert.deepEqual([dead.status, dead.body.error?.code], [503, "unavailable"]);
});

test("a closing door sends its callers away with 1012", async (t) => {
  const { door, ws } = await setUp(t);
  const socket = new WebSocket(ws, { headers: bearer });
  await once(socket, "message");
  const [closed] = await Promise.all([closeOf(socket), door.close()]);
  assert.equal(closed.code, 1012);
});

test("the machine's own caller turns a refusal into the gateway's words", async (t) => {
  const { gateway } = await setUp(t);
  const wrong = dialGateway({ url: `ws://127.0.0.1:${gateway.port}/`, token: "wrong", timeoutMs: 5_000 });
  await assert.rejects(
    wrong,
    (error) => error instanceof GatewayError && error.reason === "AUTH_TOKEN_MISMATCH",
  );
});
