/** A link's own life: when it is open, what it waits for, what ends it, and how much of a bot's talk it hears. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { z } from "zod";
import { AppError } from "../errors.ts";
import { chat, linkTo, stateOf, words } from "./testing/link-to.ts";
import { startScriptedDoor } from "./testing/scripted-door.ts";

const fails = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;

test("a link subscribes before it says that it is open", async (t) => {
  const door = await startScriptedDoor(t);
  const { link, told, opened } = await linkTo(t, door);
  assert.equal(link.state, "connecting");
  await opened();
  assert.deepEqual(
    door.asked.map((one) => one.method),
    ["connect", "sessions.subscribe"],
  );
  assert.deepEqual(told, [
    { what: "onBoot", value: [door.bootId, false] },
    { what: "onState", value: ["open", { refused: false }] },
  ]);
  assert.deepEqual([link.state, link.bootId], ["open", door.bootId]);
});

test("a wrong token ends the link for good, after one try", async (t) => {
  const door = await startScriptedDoor(t);
  const { link, of, hears } = await linkTo(t, door, "wrong-token-wrong-token");
  await hears("onState");
  assert.deepEqual(of("onState"), [["closed", { refused: true }]]);
  assert.equal(link.state, "closed");
  await link.close();
  assert.equal(door.upgrades.length, 1);
});

test("a token that is changed while the line is open ends the link when it comes back", async (t) => {
  const door = await startScriptedDoor(t);
  const { opened, hears, of } = await linkTo(t, door);
  await opened();
  door.refuseWith = 401;
  door.closeAll(4001, "gateway auth changed");
  await hears("onState", 3);
  assert.deepEqual(of("onState").map(stateOf), ["open", "connecting", "closed"]);
});

test("a gateway that is still starting is waited for", async (t) => {
  const door = await startScriptedDoor(t);
  door.startingFor = 3;
  const { opened, of } = await linkTo(t, door);
  await opened();
  assert.equal(door.count("connect"), 4);
  assert.deepEqual(of("onState").map(stateOf), ["open"]);
});

test("F65 a gateway fenced for sleep takes no message; the link opens when it works again", async (t) => {
  const door = await startScriptedDoor(t);
  door.phase = "prepared";
  const { link, opened, of } = await linkTo(t, door);
  await door.until(() => door.count("connect") === 1);
  await assert.rejects(link.send({ messageId: randomUUID(), text: "Hello" }), fails("bot_unreachable"));
  assert.deepEqual(of("onState"), []);
  door.emit("gateway.suspension", { phase: "accepting" });
  await opened();
});

test("a lost event is repaired by a new line", async (t) => {
  const door = await startScriptedDoor(t);
  const { opened, of } = await linkTo(t, door);
  await opened();
  door.emit("tick", { ts: 1 });
  door.emit("chat", chat("r", "status", { phase: "starting_model" }), 1);
  await opened(2);
  assert.deepEqual(of("onActivity"), []);
});

test("questions about the mind are read-only, and an answer of another shape is an error", async (t) => {
  const door = await startScriptedDoor(t);
  const { link, opened } = await linkTo(t, door);
  const shape = z.object({ jobs: z.number() });
  await assert.rejects(async () => link.read("cron.status", {}, shape), fails("bot_unreachable"));
  await opened();
  door.answers.set("cron.status", () => ({ ok: true, payload: { jobs: 3, more: "ignored" } }));
  assert.deepEqual(await link.read("cron.status", {}, shape), { jobs: 3 });
  door.answers.set("cron.status", () => ({ ok: true, payload: { jobs: "three" } }));
  await assert.rejects(link.read("cron.status", {}, shape), fails("upstream_failed"));
});

test("F86 a bot that talks without end of its own accord is heard twenty times a minute", async (t) => {
  const door = await startScriptedDoor(t);
  const { opened, hears, of } = await linkTo(t, door);
  await opened();
  const sessionKey = "agent:main:cron:job:run:1";
  for (let n = 0; n < 100; n += 1)
    door.emit("chat", { ...chat(`r${n}`, "final", words(`${n}`)), sessionKey });
  door.emit("chat", chat("mark", "final", words("mark")));
  await hears("onFinal");
  // The flood may have crossed a minute's boundary of the clock once.
  assert.ok([20, 40].includes(of("onForeignFinal").length));
});

test("after it is closed a link tells nothing more and leaves no connection", async (t) => {
  const door = await startScriptedDoor(t);
  const { link, told, opened } = await linkTo(t, door);
  await opened();
  const before = told.length;
  const closing = link.close();
  door.emit("chat", chat("r", "final", words("too late")));
  await closing;
  await door.until(() => door.connected === 0);
  assert.equal(told.length, before);
  assert.equal(link.state, "closed");
  await link.close();
});
