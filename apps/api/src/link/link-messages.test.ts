/** A message and its reply on their way, through cuts, restarts, runs without a word and aborts. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { z } from "zod";
import { recover } from "./recover.ts";
import { MAIN_CHAT } from "./run-events.ts";
import { chat, historyOf, linkTo, receipt, replyRow, stateOf, userRow, words } from "./testing/link-to.ts";
import { startScriptedDoor } from "./testing/scripted-door.ts";

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
