/** The client against a real WebSocket server that speaks the contract and fails on request. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { clientFrame, type BotView, type ClientFrame, type Message, type ServerFrame } from "@molt/contract";
import { WebSocketServer, WebSocket as ServerSocket, type RawData } from "ws";
import { ChatClient, type ChatState } from "./chat-client.ts";

const at = "2026-11-22T12:00:00.000Z";
const bot: BotView = {
  id: randomUUID(),
  status: "running",
  step: "ready",
  stepSince: at,
  failure: null,
  createdAt: at,
  lastActiveAt: at,
};

/** ws hands over one Buffer unless it is told otherwise. */
const textOf = (data: RawData): unknown => JSON.parse(Buffer.isBuffer(data) ? data.toString("utf8") : "null");

class Mailbox {
  readonly messages: Message[] = [];
  readonly heard: ClientFrame[] = [];
  /** Decides whether a stored message is acknowledged; false drops the socket instead. */
  acknowledges: () => boolean = () => true;
  welcomes: (token: string) => boolean = () => true;
  readonly #server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  readonly #waiting: ((frame: ClientFrame) => void)[] = [];
  #socket: ServerSocket | null = null;

  async open(t: TestContext): Promise<string> {
    this.#server.on("connection", (socket) => {
      this.#socket = socket;
      socket.on("message", (data) => this.#hear(socket, clientFrame.parse(textOf(data))));
    });
    if (!this.#server.address()) await new Promise((done) => this.#server.once("listening", done));
    t.after(() => {
      for (const socket of this.#server.clients) socket.terminate();
      this.#server.close();
    });
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  say(frame: ServerFrame, socket = this.#socket): void {
    socket?.send(JSON.stringify(frame));
  }

  drop(): void {
    this.#socket?.terminate();
  }

  store(role: Message["role"], text: string, more: Partial<Message> = {}): Message {
    const message: Message = {
      id: randomUUID(),
      seq: this.messages.length + 1,
      role,
      text,
      state: role === "user" ? "queued" : "final",
      at,
      clientId: null,
      replyTo: null,
      ...more,
    };
    this.messages.push(message);
    return message;
  }

  /** Settles when a frame like this arrives from now on. */
  hears(is: (frame: ClientFrame) => boolean): Promise<void> {
    return new Promise((done) => this.#waiting.push((frame) => is(frame) && done()));
  }

  #hear(socket: ServerSocket, frame: ClientFrame): void {
    this.heard.push(frame);
    for (const tell of this.#waiting) tell(frame);
    if (frame.t === "hello") {
      if (!this.welcomes(frame.token)) return socket.close(4401);
      this.say({ t: "welcome", bot, lastSeq: this.messages.length }, socket);
      for (const message of this.messages.filter((m) => m.seq > frame.after))
        this.say({ t: "message", message }, socket);
    }
    if (frame.t === "ping") this.say({ t: "pong" }, socket);
    if (frame.t === "send") {
      const message =
        this.messages.find((m) => m.clientId === frame.clientId) ??
        this.store("user", frame.text, { clientId: frame.clientId });
      if (!this.acknowledges()) return socket.terminate();
      this.say({ t: "ack", clientId: frame.clientId, id: message.id, seq: message.seq }, socket);
    }
  }
}

async function visit(
  t: TestContext,
  mailbox: Mailbox,
  more: { token?: (fresh: boolean) => Promise<string | null>; userId?: string } = {},
) {
  const url = await mailbox.open(t);
  const page = async () => ({ messages: mailbox.messages.slice(-50), hasMore: mailbox.messages.length > 50 });
  const client = new ChatClient({
    userId: more.userId ?? randomUUID(),
    url,
    api: { call: page as never },
    token: more.token ?? (async () => "good"),
    WebSocket,
    newId: randomUUID,
    now: () => new Date(),
  });
  t.after(() => client.stop());
  client.start();
  return client;
}

/** Settles as soon as the store is as described: no clock, no polling. */
function until(
  client: { store: { getState(): ChatState; subscribe(fn: (s: ChatState) => void): () => void } },
  is: (s: ChatState) => boolean,
): Promise<ChatState> {
  return new Promise((done) => {
    const now = client.store.getState();
    if (is(now)) return done(now);
    const stop = client.store.subscribe((s) => {
      if (!is(s)) return;
      stop();
      done(s);
    });
  });
}
const texts = (s: ChatState) => s.transcript.messages.map((m) => m.text);

test("F72 what is written before the socket is up is sent in order, once each", async (t) => {
  const mailbox = new Mailbox();
  const client = await visit(t, mailbox);
  for (let i = 0; i < 10; i++) client.send(`m${i}`);
  const state = await until(client, (s) => s.transcript.messages.length === 10);
  assert.deepEqual(
    texts(state),
    mailbox.messages.map((m) => m.text),
  );
  assert.deepEqual(
    mailbox.messages.map((m) => m.text),
    Array.from({ length: 10 }, (_, i) => `m${i}`),
  );
  assert.equal(state.transcript.pending.length, 0);
});

test("F72 an acknowledgement lost on the way doubles nothing", async (t) => {
  const mailbox = new Mailbox();
  let losses = 2;
  mailbox.acknowledges = () => losses-- <= 0;
  const client = await visit(t, mailbox);
  client.send("once");
  const state = await until(
    client,
    (s) => s.transcript.messages.length === 1 && s.transcript.pending.length === 0,
  );
  assert.deepEqual([texts(state), mailbox.messages.length], [["once"], 1]);
});

test("F61 a dropped socket resumes after the last message it holds, and gets what it missed", async (t) => {
  const mailbox = new Mailbox();
  const client = await visit(t, mailbox);
  client.send("hello");
  const before = await until(client, (s) => s.transcript.messages.length === 1);
  const question = before.transcript.messages[0];
  assert.ok(question);
  mailbox.store("bot", "said while away", { replyTo: question.id });
  mailbox.drop();
  const after = await until(client, (s) => s.transcript.messages.length === 2);
  assert.deepEqual(texts(after), ["hello", "said while away"]);
  assert.deepEqual(
    mailbox.heard.flatMap((f) => (f.t === "hello" ? [f.after] : [])),
    [0, 1],
  );
});

test("F61 a running reply goes on from its first word after a drop", async (t) => {
  const mailbox = new Mailbox();
  const client = await visit(t, mailbox);
  client.send("tell me");
  const { transcript } = await until(client, (s) => s.transcript.messages.length === 1);
  const replyTo = transcript.messages[0]?.id ?? "";
  mailbox.say({ t: "delta", replyTo, at: 0, text: "Once upon" });
  await until(client, (s) => s.transcript.running?.text === "Once upon");
  mailbox.drop();
  await until(client, (s) => s.transcript.running?.doubtful === true);
  await until(client, (s) => s.phase === "live");
  mailbox.say({ t: "delta", replyTo, at: 0, text: "Once upon a time" });
  await until(client, (s) => s.transcript.running?.text === "Once upon a time");
});

test("F75 reauth is answered with a fresh token; a refused one is replaced once", async (t) => {
  const mailbox = new Mailbox();
  mailbox.welcomes = (token) => token === "fresh";
  const client = await visit(t, mailbox, { token: async (fresh) => (fresh ? "fresh" : "stale") });
  await until(client, (s) => s.phase === "live");
  mailbox.say({ t: "reauth" });
  client.send("still here");
  await until(client, (s) => s.transcript.messages.length === 1);
  assert.deepEqual(
    mailbox.heard.flatMap((f) => (f.t === "hello" || f.t === "auth" ? [f.token] : [])),
    ["stale", "fresh", "fresh"],
  );
});

test("F7 a sign-in service that is down is waited for; one that says no ends the visit", async (t) => {
  const down = await visit(t, new Mailbox(), { token: () => Promise.reject(new Error("down")) });
  assert.equal((await until(down, (s) => s.phase === "waiting")).lostAt !== null, true);
  const out = await visit(t, new Mailbox(), { token: async () => null });
  await until(out, (s) => s.phase === "refused");
});

test("stop reaches the bot, and again after a drop until the mailbox has it", async (t) => {
  const mailbox = new Mailbox();
  const client = await visit(t, mailbox);
  client.send("a long story");
  const { transcript } = await until(client, (s) => s.transcript.messages.length === 1);
  const messageId = transcript.messages[0]?.id ?? "";
  mailbox.drop();
  client.abort(messageId);
  await until(client, (s) => s.phase === "waiting");
  await mailbox.hears((f) => f.t === "abort" && f.messageId === messageId);
  mailbox.say({
    t: "message",
    message: mailbox.store("bot", "A lo", { replyTo: messageId, state: "stopped" }),
  });
  await until(client, (s) => s.transcript.messages.length === 2 && s.transcript.stopped === null);
});

test("frames of a newer api are passed over, nonsense too", async (t) => {
  const mailbox = new Mailbox();
  const client = await visit(t, mailbox);
  await until(client, (s) => s.phase === "live");
  mailbox.say({ t: "fireworks" } as never);
  mailbox.say("not json" as never);
  mailbox.say({ t: "bot", bot: { ...bot, status: "asleep" } });
  const state = await until(client, (s) => s.transcript.bot?.status === "asleep");
  assert.equal(state.phase, "live");
});

test("a new device asks for the newest page, not for the whole mailbox frame by frame", async (t) => {
  const mailbox = new Mailbox();
  for (let i = 0; i < 120; i++) mailbox.store(i % 2 ? "bot" : "user", `${i}`);
  const client = await visit(t, mailbox);
  const state = await until(client, (s) => s.phase === "live" && s.transcript.bot !== undefined);
  assert.equal(state.transcript.messages.length, 50);
  assert.deepEqual(mailbox.heard[0], { t: "hello", token: "good", after: 120 });
  assert.equal(state.transcript.hasMore, true);
});

test("unsent words survive a reload of the app", async (t) => {
  const userId = randomUUID();
  const silent = new Mailbox();
  silent.welcomes = () => false;
  const first = await visit(t, silent, { userId });
  first.send("do not lose me");
  first.stop();
  const second = await visit(t, new Mailbox(), { userId });
  const state = await until(second, (s) => s.transcript.messages.length === 1);
  assert.deepEqual(texts(state), ["do not lose me"]);
});

test("a budget frame is kept beside the conversation, and the same one again is no news", async (t) => {
  const mailbox = new Mailbox();
  const client = await visit(t, mailbox);
  await until(client, (s) => s.phase === "live");
  const budget = {
    dayPicos: "1",
    dayCapPicos: "20",
    unattendedDayPicos: "0",
    unattendedDayCapPicos: "5",
    monthPicos: "1",
    monthCapPicos: "100",
    runCapPicos: "5",
    hold: null,
  };
  mailbox.say({ t: "budget", budget });
  const told = await until(client, (s) => s.budget !== null);
  assert.deepEqual(told.budget, budget);
  assert.deepEqual(told.transcript.messages, []);
  client.learnBudget({ ...budget });
  assert.equal(client.store.getState().budget, told.budget);
});
