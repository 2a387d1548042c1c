import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { systemClock } from "../clock.ts";
import { AppError } from "../errors.ts";
import { manualClock } from "../testing/deps.ts";
import { gatewayAddress } from "./address.ts";
import { connect, type ConnectOptions } from "./gateway-client.ts";
import { probeGateway } from "./probe-gateway.ts";
import { GatewayRefusal } from "./refusal.ts";
import { type ScriptedDoor, startScriptedDoor, TOKEN } from "./testing/scripted-door.ts";

/** Connects to a scripted door; everything is closed with the test. */
async function connectTo(
  t: TestContext,
  door: ScriptedDoor,
  more: Partial<ConnectOptions> & { token?: string } = {},
) {
  const events: { name: string; payload: unknown }[] = [];
  const closed = Promise.withResolvers<string>();
  const cancel = new AbortController();
  const { token = TOKEN, ...options } = more;
  const connection = await connect(addressOf(door), token, {
    clock: systemClock(),
    signal: cancel.signal,
    onEvent: (name, payload) => events.push({ name, payload }),
    onClose: closed.resolve,
    ...options,
  });
  t.after(() => connection.close());
  return { connection, events, closed: closed.promise, cancel };
}

const addressOf = (door: ScriptedDoor) => gatewayAddress({ fly: { dialUrl: door.url } }, "molt-bot-1");
const failsWith =
  (code: string, detail: Record<string, unknown> = {}) =>
  (error: unknown) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, code);
    for (const [key, value] of Object.entries(detail)) assert.equal(error.detail[key], value);
    return true;
  };
const refusedAs = (kind: string) => (error: unknown) =>
  error instanceof GatewayRefusal && error.kind === kind;

test("a bot has the same name everywhere; only where it is dialled differs", () => {
  assert.deepEqual(gatewayAddress({ fly: { dialUrl: null } }, "molt-bot-1"), {
    url: "ws://molt-bot-1.flycast/gateway",
    headers: {},
  });
  assert.deepEqual(gatewayAddress({ fly: { dialUrl: "http://127.0.0.1:4711" } }, "molt-bot-1"), {
    url: "ws://127.0.0.1:4711/gateway",
    headers: { host: "molt-bot-1.flycast" },
  });
});

test("the handshake shows the token to the door and to the gateway, and asks for what a backend needs", async (t) => {
  const door = await startScriptedDoor(t);
  const { connection } = await connectTo(t, door);
  assert.equal(connection.hello.server.bootId, door.bootId);
  const [upgrade] = door.upgrades;
  assert.equal(upgrade?.host, "molt-bot-1.flycast");
  assert.equal(upgrade?.origin, undefined);
  const params = door.asked[0]?.params;
  assert.equal(door.asked[0]?.method, "connect");
  assert.deepEqual(params?.["caps"], ["tool-events", "exec-approvals"]);
  assert.deepEqual(
    [params?.["minProtocol"], params?.["maxProtocol"], params?.["scopes"]],
    [4, 4, ["operator.admin"]],
  );
});

test("a gateway that is still starting is asked again until it takes us", async (t) => {
  const door = await startScriptedDoor(t);
  door.startingFor = 2;
  const { connection } = await connectTo(t, door);
  assert.equal(door.count("connect"), 3);
  assert.equal(connection.hello.protocol, 4);
});

test("a wrong token is refused once and not tried again", async (t) => {
  const door = await startScriptedDoor(t);
  await assert.rejects(connectTo(t, door, { token: "wrong-token-wrong-token" }), refusedAs("refused"));
  assert.equal(door.upgrades.length, 1);
});

test("a token that only the gateway refuses is refused as well", async (t) => {
  const door = await startScriptedDoor(t);
  const details = { code: "AUTH_TOKEN_MISMATCH" };
  door.answers.set("connect", () => ({
    ok: false,
    error: { code: "INVALID_REQUEST", message: "token mismatch", details },
  }));
  await assert.rejects(connectTo(t, door), refusedAs("refused"));
});

test("a gateway that lets us in without scopes, or speaks another protocol, is refused", async (t) => {
  const door = await startScriptedDoor(t);
  const hello = {
    protocol: 4,
    server: { version: "1", bootId: "b" },
    features: { methods: [] },
    snapshot: {},
    auth: { scopes: [] as string[] },
    policy: { tickIntervalMs: 30_000 },
  };
  door.answers.set("connect", () => ({ ok: true, payload: hello }));
  await assert.rejects(connectTo(t, door), refusedAs("refused"));
  door.answers.set("connect", () => ({
    ok: true,
    payload: { ...hello, protocol: 5, auth: { scopes: ["operator.admin"] } },
  }));
  await assert.rejects(connectTo(t, door), refusedAs("refused"));
});

test("a door that is not there, or has no machine behind it, is unreachable", async (t) => {
  const door = await startScriptedDoor(t);
  door.refuseWith = 503;
  await assert.rejects(connectTo(t, door), refusedAs("unreachable"));
  await door.close();
  await assert.rejects(connectTo(t, door), refusedAs("unreachable"));
});

test("a gateway that says nothing is given up after fifteen seconds", async (t) => {
  const door = await startScriptedDoor(t);
  door.answers.set("connect", () => "silence");
  const clock = manualClock();
  const attempt = connectTo(t, door, { clock });
  await door.until(() => door.count("connect") === 1);
  clock.advance(15_000);
  await assert.rejects(attempt, refusedAs("unreachable"));
});

test("an attempt nobody wants any more ends at once", async (t) => {
  const door = await startScriptedDoor(t);
  door.answers.set("connect", () => "silence");
  const cancel = new AbortController();
  const attempt = connectTo(t, door, { signal: cancel.signal });
  await door.until(() => door.count("connect") === 1);
  cancel.abort();
  await assert.rejects(attempt, refusedAs("unreachable"));
  await assert.rejects(connectTo(t, door, { signal: AbortSignal.abort() }), refusedAs("unreachable"));
});

test("a request carries its trace, and its answer comes back whatever the order", async (t) => {
  const door = await startScriptedDoor(t);
  const held: (() => void)[] = [];
  door.answers.set("sessions.list", (asked, socket) => {
    held.push(() => socket.send(JSON.stringify({ type: "res", id: asked.id, ok: true, payload: { n: 1 } })));
    return "silence";
  });
  door.answers.set("health", () => ({ ok: true, payload: { n: 2 } }));
  const { connection } = await connectTo(t, door);
  const first = connection.request("sessions.list", {}, { traceparent: "00-ab-cd-01" });
  assert.deepEqual(await connection.request("health", {}), { n: 2 });
  for (const release of held) release();
  assert.deepEqual(await first, { n: 1 });
  assert.equal(door.asked.find((one) => one.method === "sessions.list")?.traceparent, "00-ab-cd-01");
});

test("F87 a method that is not on our list never leaves this process", async (t) => {
  const door = await startScriptedDoor(t);
  const { connection } = await connectTo(t, door);
  for (const method of ["tools.invoke", "config.apply", "terminal.open", "device.token.rotate"])
    await assert.rejects(connection.request(method, {}), failsWith("not_yours", { method }));
  assert.deepEqual(
    door.asked.map((one) => one.method),
    ["connect"],
  );
});

test("a refusal is told by its code, and whether it passes", async (t) => {
  const door = await startScriptedDoor(t);
  const { connection } = await connectTo(t, door);
  const details = { method: "chat.send", reason: "gateway-suspending", phase: "prepared" };
  door.answers.set("chat.send", () => ({
    ok: false,
    error: { code: "UNAVAILABLE", message: "x", retryable: true, retryAfterMs: 1000, details },
  }));
  await assert.rejects(
    connection.request("chat.send", {}),
    failsWith("unavailable", { reason: "gateway-suspending" }),
  );
  door.answers.set("chat.send", () => ({ ok: false, error: { code: "INVALID_REQUEST", message: "x" } }));
  await assert.rejects(
    connection.request("chat.send", {}),
    failsWith("upstream_failed", { code: "INVALID_REQUEST" }),
  );
});

test("a request that is not answered in its time fails, and its late answer hurts nobody", async (t) => {
  const door = await startScriptedDoor(t);
  const clock = manualClock();
  const { connection } = await connectTo(t, door, { clock });
  let late: () => void = assert.fail;
  door.answers.set("health", (asked, socket) => {
    late = () => socket.send(JSON.stringify({ type: "res", id: asked.id, ok: true, payload: {} }));
    return "silence";
  });
  const request = connection.request("health", {}, { timeoutMs: 5_000 });
  await door.until(() => door.count("health") === 1);
  clock.advance(5_000);
  await assert.rejects(request, failsWith("bot_unreachable", { method: "health" }));
  late();
  door.answers.set("cron.status", () => ({ ok: true, payload: { jobs: 0 } }));
  assert.deepEqual(await connection.request("cron.status", {}), { jobs: 0 });
});

test("what is too large or too much is refused here", async (t) => {
  const door = await startScriptedDoor(t);
  const { connection } = await connectTo(t, door);
  await assert.rejects(
    connection.request("chat.send", { message: "x".repeat(262_144) }),
    failsWith("too_large"),
  );
  door.answers.set("health", () => "silence");
  const open = Array.from({ length: 64 }, () => connection.request("health", {}));
  await assert.rejects(connection.request("health", {}), failsWith("unavailable"));
  connection.close();
  for (const one of open) await assert.rejects(one, failsWith("bot_unreachable"));
});

test("a lost event ends the connection, since it may have been the end of a run", async (t) => {
  const door = await startScriptedDoor(t);
  const { closed, events } = await connectTo(t, door);
  door.emit("tick", { ts: 1 });
  door.emit("tick", { ts: 2 });
  door.emit("tick", { ts: 4 }, 1);
  assert.equal(await closed, "event 3 is missing");
  assert.equal(events.length, 2);
});

test("two ticks of silence and the connection is dead, whatever its socket says", async (t) => {
  const door = await startScriptedDoor(t);
  const clock = manualClock();
  const ticked = Promise.withResolvers<void>();
  const { closed } = await connectTo(t, door, { clock, onEvent: () => ticked.resolve() });
  clock.advance(50_000);
  door.emit("tick", { ts: 1 });
  await ticked.promise;
  // The first look comes 60 s after the hello and sees a tick 10 s old; the next one sees silence.
  clock.advance(10_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(door.connected, 1);
  clock.advance(50_000);
  assert.match(await closed, /silent for 60000 ms/);
});

test("F86 what is no frame of the protocol is dropped and the connection goes on", async (t) => {
  const door = await startScriptedDoor(t);
  const { connection, events } = await connectTo(t, door);
  for (const junk of [
    "",
    "{",
    "[]",
    "null",
    '"x"',
    '{"type":"root"}',
    '{"type":"event","event":7}',
    '{"type":"res","id":{}}',
    Buffer.from([0, 1]),
  ])
    door.emitRaw(junk);
  door.emitRaw(JSON.stringify({ type: "res", id: "nobody asked", ok: true, payload: {} }));
  door.answers.set("health", () => ({ ok: true, payload: {} }));
  await connection.request("health", {});
  assert.deepEqual(events, []);
});

test("a connection that breaks fails what was asked and says why", async (t) => {
  const door = await startScriptedDoor(t);
  const { connection, closed } = await connectTo(t, door);
  door.answers.set("health", () => "silence");
  const request = connection.request("health", {});
  await door.until(() => door.count("health") === 1);
  door.closeAll(1012, "service restart");
  await assert.rejects(request, failsWith("bot_unreachable"));
  assert.equal(await closed, "closed with 1012");
  await assert.rejects(connection.request("health", {}), failsWith("bot_unreachable"));
});

test("a probe answers with the boot it met", async (t) => {
  const door = await startScriptedDoor(t);
  const deps = depsFor(door);
  const bot = { botId: "b", flyAppId: "molt-bot-1", gatewayToken: TOKEN };
  assert.deepEqual(await probeGateway(deps, bot, AbortSignal.timeout(10_000)), {
    bootId: door.bootId,
    version: "2026.9.6",
  });
  await door.until(() => door.connected === 0);
});

test("a probe of a fenced gateway waits until it takes work, or until it is called off", async (t) => {
  const door = await startScriptedDoor(t);
  door.phase = "prepared";
  const deps = depsFor(door);
  const bot = { botId: "b", flyAppId: "molt-bot-1", gatewayToken: TOKEN };
  const probe = probeGateway(deps, bot, AbortSignal.timeout(10_000));
  await door.until(() => door.count("connect") === 1);
  door.emit("gateway.suspension", { phase: "draining" });
  door.emit("gateway.suspension", { phase: "accepting" });
  assert.equal((await probe).bootId, door.bootId);
  const cancel = new AbortController();
  const vain = probeGateway(deps, bot, cancel.signal);
  await door.until(() => door.count("connect") === 2);
  cancel.abort();
  await assert.rejects(vain, refusedAs("unreachable"));
});

test("a probe with a wrong token says so", async (t) => {
  const door = await startScriptedDoor(t);
  const bot = { botId: "b", flyAppId: "molt-bot-1", gatewayToken: "wrong-token-wrong-token" };
  await assert.rejects(probeGateway(depsFor(door), bot, AbortSignal.timeout(10_000)), refusedAs("refused"));
});

function depsFor(door: ScriptedDoor) {
  return { config: { fly: { dialUrl: door.url } }, clock: systemClock() };
}
