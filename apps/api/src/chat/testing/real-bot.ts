/**
 * The real OpenClaw as the platform runs it: bot/entry.ts in a process and a folder of its own, the
 * real model proxy with its ledger, the model stand-in behind it, and the conversation of the api at
 * the other end of the line. What a test reads here is what the user would see.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Message, ServerFrame } from "@molt/contract";
import { type TestProxy, testProxy, type TestProxyOptions } from "../../models/testing/proxy.ts";
import { Conversation } from "../conversation.ts";
import { Devices } from "../device.ts";
import { appendUserMessage } from "../table.ts";

const entry = fileURLToPath(new URL("../../../../../bot/entry.ts", import.meta.url));
/** A cold boot takes 10 to 20 s, and the machine may be busy. */
const BOOT_LIMIT_MS = 110_000;

export interface RealBot extends TestProxy {
  /** Its volume: the folder that holds openclaw.json and the workspace. */
  folder: string;
  gatewayToken: string;
  doorUrl: string;
  /** The machine's log, line by line. */
  log: readonly string[];
  conversation: Conversation;
  /** What every device of the user was told. */
  shown: readonly ServerFrame[];
  /** Writes into the chat as the user and waits for the stored answer. */
  say(text: string): Promise<{ id: string; answer: Message }>;
  /** Resolves when a frame, old or new, fits. */
  untilShown(fits: (frame: ServerFrame) => boolean): Promise<void>;
  /** From now on it speaks to its model in this format, as if it had been born with it. */
  speakIn(format: WireFormat): Promise<void>;
}

type WireFormat = "anthropic-messages" | "openai-completions" | "openai-responses";

/** The part of openclaw.json that changes with the wire format. */
interface BotConfig {
  models: { providers: { clawrouter: { api: string; models: { api: string; baseUrl: string }[] } } };
}

/** What a device would be shown, and a way to wait for it. */
class Screen extends Devices {
  readonly shown: ServerFrame[] = [];
  #waiting = new Set<() => void>();

  override tell(_userId: string, frame: ServerFrame): void {
    this.shown.push(frame);
    for (const look of this.#waiting) look();
  }

  async until(fits: (frame: ServerFrame) => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!this.shown.some(fits)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** Boots one bot; resolves when it has warmed up and the line to it is open. */
export async function startRealBot(t: TestContext, options: TestProxyOptions = {}): Promise<RealBot> {
  const doorPort = await freePort();
  const doorUrl = `http://127.0.0.1:${doorPort}`;
  const proxy = await testProxy(t, { ...options, config: { ...options.config, FLYCAST_DIAL_URL: doorUrl } });
  const { deps, bot } = proxy;
  const gatewayToken = randomBytes(32).toString("hex");
  const machine = await startMachine(t, proxy, { doorPort, gatewayToken });
  const screen = new Screen();
  const conversation = new Conversation(deps, screen, {
    id: bot.id,
    userId: bot.userId,
    flyAppId: "molt-bot-1",
    gatewayToken,
  });
  t.after(() => conversation.close());
  return {
    ...proxy,
    ...machine,
    gatewayToken,
    doorUrl,
    conversation,
    shown: screen.shown,
    untilShown: (fits) => screen.until(fits),
    async say(text) {
      const appended = await appendUserMessage(deps.db, { botId: bot.id, clientId: randomUUID(), text });
      assert.ok(appended);
      const { id } = appended.message;
      conversation.wake();
      const isAnswer = (frame: ServerFrame) => frame.t === "message" && frame.message.replyTo === id;
      await screen.until(isAnswer);
      const frame = screen.shown.find(isAnswer);
      assert.ok(frame?.t === "message");
      return { id, answer: frame.message };
    },
    speakIn: (format) => speakIn(machine, proxy.proxy.url, format),
  };
}

interface Machine {
  folder: string;
  log: string[];
  /** Resolves with the first line from now on that fits. */
  untilLogged(fits: RegExp): Promise<void>;
}

async function startMachine(
  t: TestContext,
  { proxy, bot, deps }: TestProxy,
  { doorPort, gatewayToken }: { doorPort: number; gatewayToken: string },
): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), "molt-real-bot-"));
  const child = spawn(process.execPath, [entry], {
    env: {
      MOLT_BOT_ID: bot.id,
      MOLT_GATEWAY_TOKEN: gatewayToken,
      MOLT_MODEL_KEY: bot.key,
      MOLT_MODEL_URL: proxy.url,
      MOLT_MODEL: JSON.stringify(deps.config.models.botModel),
      MOUNT_DATA: folder,
      DOOR_PORT: String(doorPort),
      GATEWAY_PORT: String(await freePort()),
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  t.after(async () => {
    child.kill("SIGTERM");
    await exited;
    await rm(folder, { recursive: true, force: true });
  });
  const log: string[] = [];
  const lines = createInterface({ input: child.stderr });
  lines.on("line", (line) => log.push(line));
  const untilLogged = async (fits: RegExp) => {
    const why = (what: string) => `${what}, waiting for ${String(fits)}\n${log.slice(-30).join("\n")}`;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const limit = setTimeout(() => reject(new Error(why("no such line"))), BOOT_LIMIT_MS);
    const look = (line: string) => void (fits.test(line) && resolve());
    lines.on("line", look);
    void exited.then(() => reject(new Error(why("the machine ended"))));
    await promise.finally(() => {
      clearTimeout(limit);
      lines.off("line", look);
    });
  };
  await untilLogged(/"words":"warmed up"/);
  return { folder, log, untilLogged };
}

/** Rewrites openclaw.json; the gateway watches its file and says when it has taken a change over. */
async function speakIn({ folder, untilLogged }: Machine, url: string, format: WireFormat): Promise<void> {
  const file = join(folder, "openclaw", "openclaw.json");
  const config = JSON.parse(await readFile(file, "utf8")) as BotConfig; // written by bot/state-folder.ts
  const { clawrouter } = config.models.providers;
  clawrouter.api = format;
  for (const model of clawrouter.models) {
    model.api = format;
    model.baseUrl = format === "anthropic-messages" ? url : `${url}/v1`;
  }
  const taken = untilLogged(/config (hot reload applied|change applied)/);
  await writeFile(`${file}.new`, JSON.stringify(config, null, 2), { mode: 0o600 });
  await rename(`${file}.new`, file);
  await taken;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a host and port
  await new Promise((resolve) => server.close(resolve));
  return port;
}
