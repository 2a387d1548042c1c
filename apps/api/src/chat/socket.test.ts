import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import type { ClientFrame } from "@molt/contract";
import WebSocket from "ws";
import { systemClock } from "../clock.ts";
import { readConfig } from "../config.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { createLog } from "../log.ts";
import { testEnvironment } from "../testing/deps.ts";
import { Devices } from "./device.ts";
import { openChatSockets } from "./socket.ts";

const userId = "7b1c8a56-8f0a-4d6e-9d0b-0c7a5b1f2e3d";
const appOrigin = "http://127.0.0.1:2";

/** Sockets over a chat that only remembers what it was given; the mailbox has tests of its own. */
async function setUp(t: TestContext, tokenMs = 900_000) {
  const config = readConfig(testEnvironment());
  const deps = { config, clock: systemClock(), log: createLog([], "silent") } as Deps; // sockets use nothing else
  const server = createServer();
  const received: ClientFrame[] = [];
  const devices = new Devices();
  const sockets = openChatSockets({
    server,
    deps,
    devices,
    authenticator: {
      async user(token) {
        if (token !== "good") throw new AppError("not_signed_in", "Please sign in first.");
        return { userId, email: "ada@example.com", expiresAt: new Date(Date.now() + tokenMs) };
      },
      bot: () => assert.fail("bots do not chat"),
    },
    chat: {
      async join(device, after) {
        device.send({ t: "welcome", bot: null, lastSeq: after });
        device.goLive();
      },
      async receive(_device, frame) {
        received.push(frame);
      },
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    await sockets.close();
    server.closeAllConnections();
    server.close();
  });
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connect = async (options: WebSocket.ClientOptions = { origin: appOrigin }) => {
    const socket = new WebSocket(`${url}/chat`, options);
    await once(socket, "open");
    return socket;
  };
  return { url, connect, received, devices };
}

const hello = JSON.stringify({ t: "hello", token: "good", after: 7 });

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, "close")) as [number];
  return code;
}

async function nextFrame(socket: WebSocket): Promise<Record<string, unknown>> {
  const [data] = (await once(socket, "message")) as [Buffer];
  return JSON.parse(data.toString());
}

test("a device says hello and is welcomed with what it has missed", async (t) => {
  const { connect } = await setUp(t);
  const socket = await connect();
  socket.send(hello);
  assert.deepEqual(await nextFrame(socket), { t: "welcome", bot: null, lastSeq: 7 });
});

for (const { name, frame } of [
  { name: "text that is not JSON", frame: "hello" },
  { name: "a frame nobody knows", frame: '{"t":"config.patch"}' },
  { name: "a field too many", frame: '{"t":"ping","x":1}' },
  { name: "deep nesting", frame: "[".repeat(100_000) },
  { name: "binary", frame: Buffer.from([1, 2, 3]) },
  {
    name: "text that the database cannot store",
    frame: JSON.stringify({ t: "send", clientId: userId, text: "a\u0000b" }),
  },
]) {
  test(`F79 ${name} closes the socket with 4400`, async (t) => {
    const { connect, received } = await setUp(t);
    const socket = await connect();
    socket.send(hello);
    await nextFrame(socket);
    socket.send(frame);
    assert.equal(await closeCode(socket), 4400);
    assert.deepEqual(received, []);
  });
}

test("F79 a frame over 256 KB closes the socket with 1009", async (t) => {
  const { connect } = await setUp(t);
  const socket = await connect();
  socket.send("x".repeat(300 * 1024));
  assert.equal(await closeCode(socket), 1009);
});

test("a wrong token closes the socket with 4401, and work before hello is refused", async (t) => {
  const { connect, received } = await setUp(t);
  const eager = await connect();
  eager.send(JSON.stringify({ t: "send", clientId: userId, text: "hi" }));
  assert.equal((await nextFrame(eager))["code"], "invalid_input");
  assert.deepEqual(received, []);
  const wrong = await connect();
  wrong.send(JSON.stringify({ t: "hello", token: "stolen", after: 0 }));
  assert.equal(await closeCode(wrong), 4401);
});

test("F75 a socket is asked for a new token and closed when the old one ends", async (t) => {
  const { connect } = await setUp(t, 300);
  const socket = await connect();
  const frames: unknown[] = [];
  socket.on("message", (data: Buffer) => frames.push(JSON.parse(data.toString()).t));
  socket.send(hello);
  assert.equal(await closeCode(socket), 4401);
  assert.deepEqual(frames, ["welcome", "reauth"]);
});

test("F77 a foreign page cannot open the socket", async (t) => {
  const { url } = await setUp(t);
  for (const origin of ["https://evil.example", "null", "http://127.0.0.1:22", `${appOrigin}.evil.example`]) {
    const socket = new WebSocket(`${url}/chat`, { origin });
    const [error] = (await once(socket, "error")) as [Error];
    assert.match(error.message, /403/, origin);
  }
});

test("F78 a token in the address is refused", async (t) => {
  const { url } = await setUp(t);
  const socket = new WebSocket(`${url}/chat?token=good`, { origin: appOrigin });
  const [error] = (await once(socket, "error")) as [Error];
  assert.match(error.message, /400/);
});

test("news for a user reach all of the user's devices, and none before it has caught up", async (t) => {
  const { connect, devices } = await setUp(t);
  const [one, two] = [await connect(), await connect()];
  for (const socket of [one, two]) {
    socket.send(hello);
    await nextFrame(socket);
  }
  const both = Promise.all([nextFrame(one), nextFrame(two)]);
  devices.tell(userId, { t: "activity", replyTo: userId, activity: null });
  for (const frame of await both) assert.equal(frame["t"], "activity");
});
