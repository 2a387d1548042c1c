/** How a gateway is reached, shaken hands with, waited for, given up and probed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../clock.ts";
import { manualClock } from "../testing/deps.ts";
import { gatewayAddress } from "./address.ts";
import { probeGateway } from "./probe-gateway.ts";
import { GatewayRefusal } from "./refusal.ts";
import { connectTo } from "./testing/connect-to.ts";
import { type ScriptedDoor, startScriptedDoor, TOKEN } from "./testing/scripted-door.ts";

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
