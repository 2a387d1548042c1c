/** A conversation on a real mailbox, with a scripted gateway at the other end of a real line. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import type { ServerFrame } from "@molt/contract";
import { MAIN_CHAT } from "../link/run-events.ts";
import { type ScriptedDoor, startScriptedDoor, TOKEN } from "../link/testing/scripted-door.ts";
import { makeUser, testDeps } from "../testing/deps.ts";
import { Conversation } from "./conversation.ts";
import { Devices } from "./device.ts";
import { appendUserMessage, selectAfter } from "./table.ts";

/** What a device would be shown, and a way to wait for it. */
class Screen extends Devices {
  readonly shown: ServerFrame[] = [];
  #waiting = new Set<() => void>();

  override tell(_userId: string, frame: ServerFrame): void {
    this.shown.push(frame);
    for (const look of this.#waiting) look();
  }

  async until(isTrue: (shown: readonly ServerFrame[]) => boolean): Promise<void> {
    if (isTrue(this.shown)) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!isTrue(this.shown)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }
}

const answers = (shown: readonly ServerFrame[]) =>
  shown.flatMap((frame) => (frame.t === "message" && frame.message.role === "bot" ? [frame.message] : []));

async function setUp(t: TestContext) {
  const door = await startScriptedDoor(t);
  door.answers.set("chat.send", () => ({ ok: true, payload: { status: "started" } }));
  door.answers.set("chat.history", () => history([]));
  const deps = await testDeps(t, { env: { FLYCAST_DIAL_URL: door.url } });
  const userId = await makeUser(deps);
  const { id: botId } = await deps.db
    .insertInto("app.bots")
    .values({ user_id: userId, status: "running" })
    .returning("id")
    .executeTakeFirstOrThrow();
  const screen = new Screen();
  const bot = { id: botId, userId, flyAppId: "molt-bot-1", gatewayToken: TOKEN };
  const conversation = new Conversation(deps, screen, bot);
  t.after(() => conversation.close());
  const say = async (text: string) => {
    const appended = await appendUserMessage(deps.db, { botId, clientId: randomUUID(), text });
    assert.ok(appended);
    conversation.wake();
    return appended.message.id;
  };
  return { door, deps, botId, screen, conversation, say };
}

const history = (messages: unknown[]) => ({
  ok: true,
  payload: { sessionId: "s", messages, hasMore: false, sessionInfo: { hasActiveRun: false } },
});
const chat = (runId: string, state: string, text: string) => ({
  runId,
  sessionKey: MAIN_CHAT,
  agentId: "main",
  state,
  seq: 1,
  message: { role: "assistant", content: [{ type: "text", text }] },
});
const sent = (door: ScriptedDoor) =>
  door.asked.filter((one) => one.method === "chat.send").map((one) => one.params["idempotencyKey"]);

test("messages are handed over one at a time, and each gets the answer to itself", async (t) => {
  const { door, deps, botId, screen, say } = await setUp(t);
  const [first, second] = [await say("one"), await say("two")];
  await door.until(() => sent(door).length === 1);
  assert.deepEqual(sent(door), [first]);
  door.emit("chat", chat(first, "delta", "An"));
  door.emit("chat", chat(first, "final", "Answer one"));
  await door.until(() => sent(door).length === 2);
  door.emit("chat", chat(second, "final", "Answer two"));
  await screen.until((shown) => answers(shown).length === 2);
  const stored = await selectAfter(deps.db, botId, { after: 0, limit: 10 });
  assert.deepEqual(
    stored.map(({ role, text, replyTo }) => [role, text, replyTo]),
    [
      ["user", "one", null],
      ["user", "two", null],
      ["bot", "Answer one", first],
      ["bot", "Answer two", second],
    ],
  );
});

test("a message that the bot refuses again and again is closed with a sentence, and the next has its turn", async (t) => {
  const { door, screen, conversation, say } = await setUp(t);
  let refused = "";
  door.answers.set("chat.send", ({ params }) => {
    refused ||= String(params["idempotencyKey"]);
    return params["idempotencyKey"] === refused
      ? { ok: false, error: { code: "INVALID_REQUEST", message: "no" } }
      : { ok: true, payload: { status: "started" } };
  });
  const bad = await say("bad");
  const good = await say("good");
  for (const times of [1, 2, 3]) {
    await door.until(() => sent(door).length >= times);
    conversation.wake();
  }
  await door.until(() => sent(door).includes(good));
  assert.deepEqual(sent(door).slice(0, 3), [bad, bad, bad]);
  const [answer] = answers(screen.shown);
  assert.deepEqual([answer?.replyTo, answer?.state], [bad, "error"]);
});

test("F61 a reply that ended while the line was down is taken from the bot's history, and the model is not asked again", async (t) => {
  const { door, screen, say } = await setUp(t);
  const id = await say("hello");
  await door.until(() => sent(door).length === 1);
  door.answers.set("chat.history", () =>
    history([
      {
        role: "user",
        content: "hello",
        timestamp: 1,
        idempotencyKey: `${id}:user`,
        __openclaw: { id: "a", seq: 1 },
      },
      {
        role: "assistant",
        content: [{ type: "text", text: "I was here all along." }],
        timestamp: 2,
        stopReason: "stop",
        __openclaw: { id: "b", seq: 2 },
      },
    ]),
  );
  door.vanish();
  await screen.until((shown) => answers(shown).length === 1);
  assert.equal(answers(screen.shown)[0]?.text, "I was here all along.");
  assert.equal(sent(door).length, 1);
});

test("stopping what the bot is not at is left to the mailbox", async (t) => {
  const { conversation } = await setUp(t);
  assert.equal(await conversation.abort(randomUUID()), false);
});
