/** What the platform asks the door: whether the bot is ready, whether it can be put to sleep, and to wake it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dialGateway, GatewayError } from "./gateway-call.ts";
import { get, post, setUp } from "./testing/door.ts";

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

test("the machine's own caller turns a refusal into the gateway's words", async (t) => {
  const { gateway } = await setUp(t);
  const wrong = dialGateway({ url: `ws://127.0.0.1:${gateway.port}/`, token: "wrong", timeoutMs: 5_000 });
  await assert.rejects(
    wrong,
    (error) => error instanceof GatewayError && error.reason === "AUTH_TOKEN_MISMATCH",
  );
});
