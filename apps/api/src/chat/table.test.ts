import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import type { Kysely } from "kysely";
import { withUser } from "../db/open.ts";
import type { Database } from "../db/types.ts";
import { freshDatabase } from "../testing/database.ts";
import { makeUser } from "../testing/deps.ts";
import {
  appendBotMessage,
  appendUserMessage,
  markDelivered,
  selectAfter,
  selectBefore,
  selectOpen,
  wakeForOpenMessages,
} from "./table.ts";

async function setUp(t: TestContext) {
  const { db } = await freshDatabase(t);
  const userId = await makeUser({ db });
  return { db, userId, botId: await makeBot(db, userId) };
}

async function makeBot(db: Kysely<Database>, userId: string): Promise<string> {
  const row = await db
    .insertInto("app.bots")
    .values({ user_id: userId, status: "running" })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

test("F72 messages sent at once by many devices get the numbers 1, 2, 3 … without gaps", async (t) => {
  const { db, botId } = await setUp(t);
  const sent = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      appendUserMessage(db, { botId, clientId: randomUUID(), text: `${i}` }),
    ),
  );
  assert.deepEqual(
    sent.map((one) => one?.message.seq).toSorted((a = 0, b = 0) => a - b),
    Array.from({ length: 40 }, (_, i) => i + 1),
  );
});

test("F73 a message sent again after a lost acknowledgement is the same message", async (t) => {
  const { db, botId } = await setUp(t);
  const clientId = randomUUID();
  const all = await Promise.all(
    Array.from({ length: 10 }, () => appendUserMessage(db, { botId, clientId, text: "once" })),
  );
  assert.equal(new Set(all.map((one) => one?.message.id)).size, 1);
  assert.equal(all.filter((one) => one?.duplicate === false).length, 1);
  assert.equal((await selectOpen(db, botId)).length, 1);
});

test("a reply is stored once and closes its message, however often it is reported", async (t) => {
  const { db, botId } = await setUp(t);
  const appended = await appendUserMessage(db, { botId, clientId: randomUUID(), text: "hi" });
  assert.ok(appended);
  const reply = { botId, text: "hello", state: "final", replyTo: appended.message.id, runId: null } as const;
  const stored = await Promise.all([
    appendBotMessage(db, reply),
    appendBotMessage(db, reply),
    appendBotMessage(db, { ...reply, text: "again" }),
  ]);
  assert.equal(stored.filter((one) => one !== undefined).length, 1);
  assert.deepEqual(await selectOpen(db, botId), []);
  const all = await selectAfter(db, botId, { after: 0, limit: 10 });
  assert.deepEqual(
    all.map((one) => [one.seq, one.role, one.state]),
    [
      [1, "user", "answered"],
      [2, "bot", "final"],
    ],
  );
});

test("a receipt that comes after the answer changes nothing", async (t) => {
  const { db, botId } = await setUp(t);
  const appended = await appendUserMessage(db, { botId, clientId: randomUUID(), text: "hi" });
  assert.ok(appended);
  await appendBotMessage(db, {
    botId,
    text: "hello",
    state: "final",
    replyTo: appended.message.id,
    runId: null,
  });
  assert.equal(await markDelivered(db, botId, appended.message.id), false);
});

test("what a bot says of its own accord is stored once a run", async (t) => {
  const { db, botId } = await setUp(t);
  const said = { botId, text: "Water the orchids", state: "final", replyTo: null, runId: "run-1" } as const;
  assert.ok(await appendBotMessage(db, said));
  assert.equal(await appendBotMessage(db, said), undefined);
  assert.ok(await appendBotMessage(db, { ...said, runId: "run-2" }));
});

test("F76 a paused bot takes no message, and nothing is stored", async (t) => {
  const { db, botId } = await setUp(t);
  await db.updateTable("app.bots").set({ desired: "paused" }).execute();
  assert.equal(await appendUserMessage(db, { botId, clientId: randomUUID(), text: "hi" }), undefined);
  assert.deepEqual(await selectAfter(db, botId, { after: 0, limit: 10 }), []);
});

test("F69 a message asks a bot that is going to sleep to run, in its own transaction", async (t) => {
  const { db, botId } = await setUp(t);
  await db.updateTable("app.bots").set({ desired: "asleep" }).execute();
  await appendUserMessage(db, { botId, clientId: randomUUID(), text: "hi" });
  const bot = await db.selectFrom("app.bots").select("desired").executeTakeFirstOrThrow();
  assert.equal(bot.desired, "running");
});

test("F66 a bot asleep with an unanswered message is woken by the sweep", async (t) => {
  const { db, botId } = await setUp(t);
  await appendUserMessage(db, { botId, clientId: randomUUID(), text: "hi" });
  await db.updateTable("app.bots").set({ desired: "asleep" }).execute();
  assert.equal(await wakeForOpenMessages(db), 1);
  assert.equal(await wakeForOpenMessages(db), 0);
});

test("history comes in pages, oldest first", async (t) => {
  const { db, botId } = await setUp(t);
  for (let i = 0; i < 5; i += 1) await appendUserMessage(db, { botId, clientId: randomUUID(), text: `${i}` });
  const newest = await selectBefore(db, botId, { before: undefined, limit: 2 });
  assert.deepEqual([newest.messages.map((one) => one.seq), newest.hasMore], [[4, 5], true]);
  const older = await selectBefore(db, botId, { before: 4, limit: 10 });
  assert.deepEqual([older.messages.map((one) => one.seq), older.hasMore], [[1, 2, 3], false]);
});

test("I7 as a user one reads one's own messages and nobody else's", async (t) => {
  const { db, userId, botId } = await setUp(t);
  const otherUser = await makeUser({ db });
  const otherBot = await makeBot(db, otherUser);
  await appendUserMessage(db, { botId, clientId: randomUUID(), text: "mine" });
  await appendUserMessage(db, { botId: otherBot, clientId: randomUUID(), text: "canary" });
  await withUser(db, userId, async (trx) => {
    assert.deepEqual(
      (await selectAfter(trx, botId, { after: 0, limit: 10 })).map((one) => one.text),
      ["mine"],
    );
    assert.deepEqual(await selectAfter(trx, otherBot, { after: 0, limit: 10 }), []);
  });
});

test("X1 nobody can close, answer or even touch a message of somebody else's bot, nor one that is not a person's", async (t) => {
  const { db, botId } = await setUp(t);
  const otherBot = await makeBot(db, await makeUser({ db }));
  const theirs = await appendUserMessage(db, { botId: otherBot, clientId: randomUUID(), text: "private" });
  const own = await appendBotMessage(db, {
    botId,
    text: "hello",
    state: "final",
    replyTo: null,
    runId: "run-1",
  });
  assert.ok(theirs && own);
  for (const replyTo of [theirs.message.id, randomUUID(), own.id]) {
    assert.equal(
      await appendBotMessage(db, { botId, text: "", state: "stopped", replyTo, runId: null }),
      undefined,
    );
  }
  assert.deepEqual(
    (await selectOpen(db, otherBot)).map((message) => message.state),
    ["queued"],
  );
});
