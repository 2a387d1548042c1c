import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { z } from "zod";
import { systemClock } from "../clock.ts";
import { AppError } from "../errors.ts";
import { createLog } from "../log.ts";
import { type Link, type LinkHandlers, openLink } from "./link.ts";
import { recover } from "./recover.ts";
import { MAIN_CHAT } from "./run-events.ts";
import { type ScriptedDoor, startScriptedDoor, TOKEN } from "./testing/scripted-door.ts";

type What = keyof LinkHandlers;

/** A link to a scripted door, and everything it tells. */
async function linkTo(t: TestContext, door: ScriptedDoor, token = TOKEN) {
  const told: { what: What; value: unknown }[] = [];
  const waiting = new Set<() => void>();
  const tell =
    (what: What) =>
    (...value: unknown[]) => {
      told.push({ what, value: value.length > 1 ? value : value[0] });
      for (const look of waiting) look();
    };
  const link: Link = openLink(
    { config: { fly: { dialUrl: door.url } }, clock: systemClock(), log: createLog([], "silent") },
    { botId: "bot-1", flyAppId: "molt-bot-1", gatewayToken: token },
    {
      onState: tell("onState"),
      onBoot: tell("onBoot"),
      onReceipt: tell("onReceipt"),
      onDelta: tell("onDelta"),
      onActivity: tell("onActivity"),
      onFinal: tell("onFinal"),
      onAborted: tell("onAborted"),
      onError: tell("onError"),
      onRetry: tell("onRetry"),
      onForeignFinal: tell("onForeignFinal"),
    },
  );
  t.after(() => link.close());
  const of = (what: What) => told.filter((one) => one.what === what).map((one) => one.value);
  /** Resolves with the values once a thing was told so often. */
  const hears = async (what: What, times = 1) => {
    if (of(what).length < times)
      await new Promise<void>((resolve) => {
        const look = () => {
          if (of(what).length < times) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    return of(what);
  };
  const opened = async (times = 1) => {
    while (of("onState").filter((value) => stateOf(value) === "open").length < times)
      await hears("onState", of("onState").length + 1);
  };
  return { link, told, of, hears, opened };
}

const stateOf = (value: unknown) => (Array.isArray(value) ? String(value[0]) : "");
const chat = (runId: string, state: string, more: object = {}) => ({
  runId,
  sessionKey: MAIN_CHAT,
  agentId: "main",
  state,
  ...more,
});
const words = (text: string) => ({ message: { role: "assistant", content: [{ type: "text", text }] } });
const receipt = (id: string) => ({
  sessionKey: MAIN_CHAT,
  message: { role: "user", content: "x", idempotencyKey: `${id}:user` },
});
const userRow = (id: string) => ({ role: "user", content: "x", idempotencyKey: `${id}:user` });
const replyRow = (text: string, runId: string) => ({
  role: "assistant",
  content: [{ type: "text", text }],
  stopReason: "stop",
  __openclaw: { runId },
});
const historyOf = (messages: object[], more: object = {}) => ({
  ok: true,
  payload: { messages, sessionInfo: { hasActiveRun: false }, ...more },
});
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

test("F87 a message travels as text under its own id, and its id is the trace of its model calls", async (t) => {
  const door = await startScriptedDoor(t);
  const { link, opened } = await linkTo(t, door);
  await opened();
  door.answers.set("chat.send", ({ params }) => ({
    ok: true,
    payload: { runId: params["idempotencyKey"], status: "started" },
  }));
  const messageId = randomUUID();
  assert.equal(await link.send({ messageId, text: "/restart" }), "started");
  const asked = door.asked.at(-1);
  assert.deepEqual(asked?.params, {
    sessionKey: MAIN_CHAT,
    message: "/restart",
    idempotencyKey: messageId,
    suppressCommandInterpretation: true,
  });
  assert.match(asked?.traceparent ?? "", new RegExp(`^00-${messageId.replaceAll("-", "")}-[0-9a-f]{16}-01$`));
});

test("F73 a message sent again is known by its id: under way, then done", async (t) => {
  const door = await startScriptedDoor(t);
  const { link, opened } = await linkTo(t, door);
  await opened();
  const statuses = ["started", "in_flight", "ok"];
  door.answers.set("chat.send", () => ({ ok: true, payload: { runId: "r", status: statuses.shift() } }));
  const message = { messageId: randomUUID(), text: "Hello" };
  assert.deepEqual(
    [await link.send(message), await link.send(message), await link.send(message)],
    ["started", "in_flight", "done"],
  );
  assert.equal(
    new Set(door.asked.filter((one) => one.method === "chat.send").map((one) => one.params["idempotencyKey"]))
      .size,
    1,
  );
});

test("a reply arrives as receipt, growing text and one end", async (t) => {
  const door = await startScriptedDoor(t);
  const { link, told, opened, hears } = await linkTo(t, door);
  await opened();
  door.answers.set("chat.send", () => ({ ok: true, payload: { status: "started" } }));
  const id = randomUUID();
  await link.send({ messageId: id, text: "Hello" });
  door.emit("session.message", receipt(id));
  door.emit("chat", chat(id, "delta", { seq: 1, ...words("Good") }));
  door.emit("chat", chat(id, "final", { seq: 2, stopReason: "stop", ...words("Good morning!") }));
  door.emit("chat", chat(id, "error", { seq: 1, errorMessage: "late" }));
  door.emit("chat", chat("other", "final", { seq: 1, ...words("mark") }));
  await hears("onFinal", 2);
  assert.deepEqual(told.slice(2, 5), [
    { what: "onReceipt", value: id },
    { what: "onDelta", value: { runId: id, text: "Good", replaced: false } },
    { what: "onFinal", value: { runId: id, text: "Good morning!", stopReason: "stop" } },
  ]);
  assert.equal(told.length, 6);
});

test("F61 after a cut the link comes back, and the answer of the meantime is in the history", async (t) => {
  const door = await startScriptedDoor(t);
  const { link, of, opened, hears } = await linkTo(t, door);
  await opened();
  door.answers.set("chat.send", () => ({ ok: true, payload: { status: "started" } }));
  const id = randomUUID();
  await link.send({ messageId: id, text: "Hello" });
  door.emit("session.message", receipt(id));
  await hears("onReceipt");
  door.vanish();
  await opened(2);
  assert.deepEqual(of("onState").map(stateOf), ["open", "connecting", "open"]);
  assert.deepEqual(of("onBoot").at(-1), [door.bootId, false]);
  door.answers.set("chat.history", () => historyOf([userRow(id), replyRow("I am fine.", id)]));
  assert.deepEqual(recover(await link.history(50), id), {
    kind: "answered",
    text: "I am fine.",
    stopped: false,
  });
});

test("F63 a restarted bot is known by its boot id, and the turn it takes up again is heard under its new run", async (t) => {
  const door = await startScriptedDoor(t);
  const { link, of, opened, hears } = await linkTo(t, door);
  await opened();
  door.answers.set("chat.send", () => ({ ok: true, payload: { status: "started" } }));
  const id = randomUUID();
  await link.send({ messageId: id, text: "Hello" });
  door.emit("chat", chat(id, "delta", { seq: 30, ...words("Half an ans") }));
  await hears("onDelta");
  door.bootId = randomUUID();
  door.vanish();
  await opened(2);
  assert.deepEqual(of("onBoot").at(-1), [door.bootId, true]);
  door.answers.set("chat.history", () =>
    historyOf([userRow(id)], { sessionInfo: { hasActiveRun: true, activeRunIds: ["resumed"] } }),
  );
  assert.deepEqual(recover(await link.history(50), id), { kind: "running", text: "" });
  door.emit("chat", chat("resumed", "delta", { seq: 2, ...words("A whole") }));
  door.emit("chat", chat("resumed", "final", { seq: 3, ...words("A whole answer.") }));
  assert.deepEqual((await hears("onFinal"))[0], {
    runId: "resumed",
    text: "A whole answer.",
    stopReason: null,
  });
});

test("a run sent again to a restarted bot counts from the beginning", async (t) => {
  const door = await startScriptedDoor(t);
  const { opened, hears, of } = await linkTo(t, door);
  await opened();
  door.emit("chat", chat("run", "delta", { seq: 30, ...words("Half") }));
  await hears("onDelta");
  door.bootId = randomUUID();
  door.vanish();
  await opened(2);
  door.emit("chat", chat("run", "delta", { seq: 4, ...words("Anew") }));
  await hears("onDelta", 2);
  assert.deepEqual(of("onDelta").at(-1), { runId: "run", text: "Anew", replaced: false });
});

test("an end that falls into the reading of the history is not lost", async (t) => {
  const door = await startScriptedDoor(t);
  const { link, opened } = await linkTo(t, door);
  await opened();
  const id = randomUUID();
  let readings = 0;
  door.answers.set("chat.history", () => {
    readings += 1;
    if (readings > 1) return historyOf([userRow(id), replyRow("Done.", id)]);
    // The page was put together while the run went on; its end overtakes the answer.
    door.emit("chat", chat(id, "final", { seq: 5, ...words("Done.") }));
    return historyOf([userRow(id)], { inFlightRun: { runId: id, text: "Do" } });
  });
  assert.deepEqual(recover(await link.history(50), id), { kind: "answered", text: "Done.", stopped: false });
  assert.equal(readings, 2);
});

for (const { name, page, becomes } of [
  {
    name: "whose answer stands in the transcript is that answer",
    page: (id: string) => historyOf([userRow(id), replyRow("There.", "elsewhere")]),
    becomes: { what: "onFinal", text: "There." },
  },
  {
    name: "and left nothing behind is an error with a sentence",
    page: (id: string) => historyOf([userRow(id)]),
    becomes: { what: "onError", code: "no_reply" },
  },
] as const)
  test(`a run that ended without a word ${name}`, async (t) => {
    const door = await startScriptedDoor(t);
    const { opened, hears } = await linkTo(t, door);
    await opened();
    const id = randomUUID();
    door.answers.set("chat.history", () => page(id));
    door.emit("chat", chat(id, "final", { seq: 1 }));
    const [value] = z.array(z.looseObject({ runId: z.string() })).parse(await hears(becomes.what));
    assert.equal(value?.runId, id);
    if ("text" in becomes) assert.equal(value?.["text"], becomes.text);
    else assert.equal(value?.["code"], becomes.code);
  });

test("a run that was steered into another one is left to that one", async (t) => {
  const door = await startScriptedDoor(t);
  const { told, opened, hears } = await linkTo(t, door);
  await opened();
  const id = randomUUID();
  door.answers.set("chat.history", () =>
    historyOf([userRow(id)], { inFlightRun: { runId: "first", text: "So" } }),
  );
  door.emit("chat", chat(id, "final", { seq: 1 }));
  await door.until(() => door.count("chat.history") > 0);
  door.emit("chat", chat("first", "final", { seq: 9, ...words("So both.") }));
  await hears("onFinal");
  assert.deepEqual(
    told.slice(2).map((one) => one.what),
    ["onFinal"],
  );
});

test("an abort ends the run of a message, or the one that took its place", async (t) => {
  const door = await startScriptedDoor(t);
  const { link, opened } = await linkTo(t, door);
  await opened();
  const id = randomUUID();
  door.answers.set("chat.abort", ({ params }) => ({
    ok: true,
    payload: { ok: true, aborted: params["runId"] === undefined },
  }));
  assert.equal(await link.abort(id), true);
  assert.deepEqual(
    door.asked.filter((one) => one.method === "chat.abort").map((one) => one.params),
    [{ sessionKey: MAIN_CHAT, runId: id }, { sessionKey: MAIN_CHAT }],
  );
  door.answers.set("chat.abort", () => ({ ok: true, payload: { ok: true, aborted: false } }));
  assert.equal(await link.abort(id), false);
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
