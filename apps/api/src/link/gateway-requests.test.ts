/** Requests over an open connection: answered, refused, too late or too much, and how the connection ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../errors.ts";
import { manualClock } from "../testing/deps.ts";
import { connectTo } from "./testing/connect-to.ts";
import { startScriptedDoor } from "./testing/scripted-door.ts";

const failsWith =
  (code: string, detail: Record<string, unknown> = {}) =>
  (error: unknown) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, code);
    for (const [key, value] of Object.entries(detail)) assert.equal(error.detail[key], value);
    return true;
  };

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
