/** The `budget` frame on real sockets: whom it reaches, when, and how often. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { type ServerFrame, serverFrame } from "@molt/contract";
import { sql } from "kysely";
import WebSocket from "ws";
import type { Deps } from "../deps.ts";
import { pauseSpending } from "../models/pause-spending.ts";
import { setCaps } from "../models/set-caps.ts";
import { makeBot } from "../models/testing/proxy.ts";
import { makeUser, testDeps } from "../testing/deps.ts";
import { openChat } from "./routes.ts";

type Budget = Extract<ServerFrame, { t: "budget" }>["budget"];

interface TestDevice {
  /** Every frame so far. */
  frames: ServerFrame[];
  /** The next frame of this kind that was not answered yet. */
  next<T extends ServerFrame["t"]>(kind: T): Promise<Extract<ServerFrame, { t: T }>>;
  /** All budgets that came before the answer to a ping sent now. */
  budgetsSoFar(): Promise<Budget[]>;
}

async function setUp(t: TestContext) {
  const deps = await testDeps(t);
  const server = createServer();
  const chat = openChat(deps, {
    server,
    authenticator: {
      user: async (token) => ({
        userId: token ?? "",
        email: "ada@example.com",
        expiresAt: new Date(Date.now() + 900_000),
      }),
      bot: () => assert.fail("bots do not chat"),
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    await chat.close();
    server.closeAllConnections();
    server.close();
  });
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat`;
  return { deps, connect: (userId: string) => connect(url, userId) };
}

/** A device that has said hello; a token is the id of its user. */
async function connect(url: string, userId: string): Promise<TestDevice> {
  const socket = new WebSocket(url);
  const frames: ServerFrame[] = [];
  let told: () => void = () => undefined;
  let read = 0;
  socket.on("message", (data: Buffer) => {
    frames.push(serverFrame.parse(JSON.parse(data.toString())));
    told();
  });
  await once(socket, "open");
  socket.send(JSON.stringify({ t: "hello", token: userId, after: 0 }));
  const device: TestDevice = {
    frames,
    async next(kind) {
      for (;;) {
        const frame = frames[read];
        if (!frame) await new Promise<void>((resolve) => (told = resolve));
        else {
          read += 1;
          if (frame.t === kind) return frame as Extract<ServerFrame, { t: typeof kind }>; // just compared
        }
      }
    },
    async budgetsSoFar() {
      socket.send('{"t":"ping"}');
      await device.next("pong");
      return frames.flatMap((frame) => (frame.t === "budget" ? [frame.budget] : []));
    },
  };
  return device;
}

/** Publishes, and answers when every listener of this process has heard all of it. */
async function publish(deps: Deps, events: { userId: string; botId: string }[]): Promise<void> {
  let left = events.length;
  const heard = new Promise<void>((resolve) => {
    const stop = deps.events.subscribe("usage", () => {
      left -= 1;
      if (left > 0) return;
      stop();
      resolve();
    });
  });
  for (const event of events) await deps.events.publish(deps.db, { kind: "usage", ...event });
  await heard;
}

test("a device is told the budget after its welcome, and again when a cap or a hold changes", async (t) => {
  const { deps, connect: join } = await setUp(t);
  const bot = await makeBot(deps);
  const device = await join(bot.userId);
  assert.equal((await device.next("budget")).budget.monthCapPicos, "100000000000000");
  assert.deepEqual(device.frames.map(({ t: kind }) => kind).slice(0, 2), ["welcome", "budget"]);

  await setCaps(deps, bot.userId, { monthCapPicos: "7" });
  assert.equal((await device.next("budget")).budget.monthCapPicos, "7");

  await pauseSpending(deps, bot.userId);
  assert.equal((await device.next("budget")).budget.hold?.reason, "user");
});

test("of a burst of changes every device hears the last figure, and one frame a half second", async (t) => {
  const { deps, connect: join } = await setUp(t);
  const bot = await makeBot(deps);
  const devices = [await join(bot.userId), await join(bot.userId)];
  for (const device of devices) await device.next("budget");
  const counts = () => Promise.all(devices.map(async (device) => (await device.budgetsSoFar()).length));
  const before = await counts();

  const began = performance.now();
  for (let spent = 1; spent <= 50; spent += 1) {
    await sql`insert into app.model_budgets (bot_id, month_picos) values (${bot.id}, ${spent})
      on conflict (bot_id) do update set month_picos = excluded.month_picos`.execute(deps.db);
    await publish(deps, [{ userId: bot.userId, botId: bot.id }]);
  }
  for (const device of devices) for (; (await device.next("budget")).budget.monthPicos !== "50";);
  const rounds = Math.floor((performance.now() - began) / 500) + 1;
  for (const [i, count] of (await counts()).entries())
    assert.ok(count - (before[i] ?? 0) <= rounds, `${count} frames in ${rounds} rounds`);
});

test("X2 nobody hears of another user's budget, and a user without a bot hears of none", async (t) => {
  const { deps, connect: join } = await setUp(t);
  const [mine, other] = [await makeBot(deps), await makeBot(deps)];
  const [device, botless] = [await join(mine.userId), await join(await makeUser(deps))];
  await device.next("budget");
  await botless.next("welcome");
  await publish(deps, [{ userId: other.userId, botId: other.id }]);
  assert.equal((await device.budgetsSoFar()).length, 1);
  assert.equal((await botless.budgetsSoFar()).length, 0);
});
