/** The real OpenClaw package behind the real door, booted once. What scripted gateways claim is held to this. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { dialGateway } from "./gateway-call.ts";
import { personaFiles } from "./persona.ts";
import { treeOf } from "./process-tree.ts";
import { isRecord } from "./settings.ts";
import { startUpstream } from "./testing/anthropic-upstream.ts";
import { goodEnv, temporaryFolder } from "./testing/settings.ts";

const SESSION = "agent:main:main-chat";
const BOOT_LIMIT_MS = 120_000;
const entry = fileURLToPath(import.meta.resolve("./entry.ts"));

type Event = { name: string; payload: Record<string, unknown> };

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a machine and resolves when it has warmed up. */
async function startMachine(t: TestContext, modelUrl: string) {
  const dataDir = await temporaryFolder(t);
  const doorPort = await freePort();
  const child = spawn(process.execPath, [entry], {
    env: {
      ...goodEnv,
      MOLT_MODEL_URL: modelUrl,
      MOUNT_DATA: dataDir,
      DOOR_PORT: String(doorPort),
      GATEWAY_PORT: String(await freePort()),
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const log: string[] = [];
  const warm = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on("line", (line) => {
    log.push(line);
    if (line.includes('"words":"warmed up"')) warm.resolve();
  });
  child.once("exit", (code) => warm.reject(new Error(`the machine ended with ${code}\n${log.join("\n")}`)));
  const limit = setTimeout(() => warm.reject(new Error(`no boot\n${log.join("\n")}`)), BOOT_LIMIT_MS);
  await warm.promise;
  clearTimeout(limit);
  return { child, log, home: path.join(dataDir, "home"), http: `http://127.0.0.1:${doorPort}`, doorPort };
}

/** Collects events; `until` resolves with the first one, old or new, that fits. */
function eventLog() {
  const events: Event[] = [];
  const waiting = new Set<() => void>();
  return {
    events,
    add(name: string, payload: Record<string, unknown>) {
      events.push({ name, payload });
      for (const look of waiting) look();
    },
    until: (fits: (event: Event) => boolean) =>
      new Promise<Record<string, unknown>>((resolve) => {
        const look = () => {
          const found = events.find(fits);
          if (!found) return;
          waiting.delete(look);
          resolve(found.payload);
        };
        waiting.add(look);
        look();
      }),
  };
}

function textOf(payload: Record<string, unknown>): string {
  const message = isRecord(payload.message) ? payload.message : {};
  const parts = Array.isArray(message.content) ? message.content : [];
  return parts.map((part) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("");
}

const chat = (runId: string, state: string) => (event: Event) =>
  event.name === "chat" && event.payload.runId === runId && event.payload.state === state;

function* story(): Generator<string> {
  for (let chapter = 1; chapter < 10_000; chapter += 1) yield `Chapter ${chapter}. `;
}

test("the real OpenClaw lives behind the door", { timeout: 240_000 }, async (t) => {
  const answer = ["Good ", "morning! ", "Everything ", "is ", "on ", "track."];
  const upstream = await startUpstream(t, (body) => (body.includes("long story") ? story() : answer));
  const machine = await startMachine(t, upstream.url);
  const bearer = { authorization: `Bearer ${goodEnv.MOLT_GATEWAY_TOKEN}` };
  const seen = eventLog();
  const caller = await dialGateway({
    url: `ws://127.0.0.1:${machine.doorPort}/gateway`,
    token: goodEnv.MOLT_GATEWAY_TOKEN ?? "",
    timeoutMs: 15_000,
    headers: { ...bearer, origin: "https://app.example", "x-forwarded-for": "203.0.113.9" },
    onEvent: (name, payload) => seen.add(name, payload),
  });
  t.after(() => caller.close());
  await caller.call("sessions.subscribe", {});
  const send = async (message: string, extra: Record<string, unknown> = {}) => {
    const runId = randomUUID();
    const ack = await caller.call("chat.send", {
      sessionKey: SESSION,
      message,
      idempotencyKey: runId,
      ...extra,
    });
    assert.deepEqual(ack, { runId, status: "started" });
    return runId;
  };

  await t.test("it is ready, ours is the pinned version, and warming up called no model", async () => {
    const ready = await fetch(`${machine.http}/readyz`);
    assert.equal(ready.status, 200);
    const server = isRecord(caller.hello.server) ? caller.hello.server : {};
    assert.deepEqual(await ready.json(), { ready: true, bootId: server.bootId, version: "2026.9.6" });
    assert.deepEqual(isRecord(caller.hello.auth) ? caller.hello.auth.scopes : [], ["operator.admin"]);
    assert.equal(upstream.calls.length, 0);
    assert.deepEqual((await caller.call("sessions.list", { limit: 10 })).sessions, []);
  });

  await t.test("a message gets its receipt, grows in front of the reader, and ends as one text", async () => {
    const runId = await send("How are things today?", { suppressCommandInterpretation: true });
    assert.equal(textOf(await seen.until(chat(runId, "final"))), answer.join(""));
    const receipt = `${runId}:user`;
    await seen.until(
      ({ name, payload }) =>
        name === "session.message" && isRecord(payload.message) && payload.message.idempotencyKey === receipt,
    );
    const grown = seen.events.filter(chat(runId, "delta")).map(({ payload }) => textOf(payload));
    assert.ok(grown.length >= 2, `only ${grown.length} increments`);
    for (const text of grown) assert.ok(answer.join("").startsWith(text.trimEnd()));
    const [call] = upstream.calls;
    assert.equal(call?.path, "/v1/messages");
    assert.equal(call?.headers["x-api-key"], goodEnv.MOLT_MODEL_KEY);
    assert.equal(call?.headers["x-molt-bot"], goodEnv.MOLT_BOT_ID);
    assert.ok(call?.body.includes("I am software"), "the persona is part of the prompt");
  });

  await t.test("F87 a control command in the text is text, and switched off where it is not", async () => {
    const before = upstream.calls.length;
    const asText = await send("/restart", { suppressCommandInterpretation: true });
    assert.equal(textOf(await seen.until(chat(asText, "final"))), answer.join(""));
    assert.equal(upstream.calls.length, before + 1);
    for (const command of ["/restart", "/config show"]) {
      const runId = await send(command);
      assert.match(textOf(await seen.until(chat(runId, "final"))), /disabled/i);
    }
    assert.equal(upstream.calls.length, before + 1);
  });

  await t.test("the bot itself says what is left of the month's budget", async () => {
    const before = upstream.calls.length;
    assert.match(textOf(await seen.until(chat(await send("/status"), "final"))), /Monthly budget 75% left/);
    assert.equal(upstream.calls.length, before, "and asks no model for it");
  });

  await t.test("a bot at work is not put to sleep, and an abort ends the model call at once", async () => {
    const runId = await send("Tell me a long story.", { suppressCommandInterpretation: true });
    await seen.until(chat(runId, "delta"));
    const asleep = await fetch(`${machine.http}/suspend/prepare`, { method: "POST", headers: bearer });
    assert.equal(asleep.status, 409);
    assert.ok(((await asleep.json()) as { blockers: unknown[] }).blockers.length > 0);
    await caller.call("chat.abort", { sessionKey: SESSION, runId });
    assert.match(textOf(await seen.until(chat(runId, "aborted"))), /^Chapter 1\./);
    assert.equal(await upstream.calls.at(-1)?.cut, true);
  });

  await t.test("the conversation and the persona can be read back", async () => {
    const history = await caller.call("chat.history", { sessionKey: SESSION, limit: 50 });
    const rows = Array.isArray(history.messages) ? history.messages.filter(isRecord) : [];
    assert.equal(
      rows.filter((row) => row.role === "user" && row.content === "How are things today?").length,
      1,
    );
    const { file } = await caller.call("agents.files.get", { agentId: "main", name: "SOUL.md" });
    assert.equal(isRecord(file) ? file.content : undefined, personaFiles["SOUL.md"]);
  });

  await t.test("idle, it is fenced for sleep and goes on afterwards", async () => {
    const post = async (what: string) => {
      const response = await fetch(`${machine.http}/suspend/${what}`, { method: "POST", headers: bearer });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    // A run counts as work until its last bookkeeping is stored, shortly after its end was announced.
    let fenced = await post("prepare");
    // The platform asks again too; here a little faster, and below the gateway's 30 a minute.
    for (let tries = 0; fenced.status === 409 && tries < 20; tries += 1) {
      await wait(250);
      fenced = await post("prepare");
    }
    assert.deepEqual([fenced.status, fenced.body.ready, fenced.body.nextWakeAtMs], [200, true, null]);
    assert.equal((await fetch(`${machine.http}/readyz`)).status, 503);
    assert.deepEqual(await post("resume"), { status: 200, body: { ready: true, resumed: true } });
    assert.equal((await fetch(`${machine.http}/readyz`)).status, 200);
  });

  await t.test("asked to stop, it ends cleanly, leaves no process and told no secret", async () => {
    const exited = once(machine.child, "exit");
    const began = performance.now();
    machine.child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
    assert.ok(performance.now() - began < 10_000);
    assert.deepEqual(await treeOf(-1, machine.home), []);
    for (const secret of [goodEnv.MOLT_GATEWAY_TOKEN, goodEnv.MOLT_MODEL_KEY])
      assert.equal(machine.log.filter((line) => line.includes(secret ?? "")).length, 0);
  });
});
