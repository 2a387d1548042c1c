/** The conversations of this process: one for each bot that is awake. */
import type { Deps } from "../deps.ts";
import { viewBot, findBotOfUser } from "../fleet/view-bot.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import type { Link } from "../link/link.ts";
import { open } from "../secrets.ts";
import { Conversation } from "./conversation.ts";
import type { Devices } from "./device.ts";
import { type ChatBot, selectReachable, wakeForOpenMessages } from "./table.ts";

/** Backstop for an event that was missed. */
const SYNC_MS = 2_000;

export interface Links {
  /** The open line to a bot, if it is awake. */
  link(botId: string): Link | undefined;
}

export class Conversations implements Links {
  #deps: Deps;
  #devices: Devices;
  #byBot = new Map<string, Conversation>();
  #loop: Loop;
  #unsubscribe: () => void;

  constructor(deps: Deps, devices: Devices) {
    this.#deps = deps;
    this.#devices = devices;
    this.#unsubscribe = deps.events.subscribe("bot", ({ userId }) => {
      for (const user of userId ? [userId] : devices.users()) void this.#tellBot(user);
    });
    this.#loop = startLoop(deps, {
      name: "conversations",
      everyMs: SYNC_MS,
      wakeOn: "bot",
      run: () => this.#sync(),
    });
  }

  get(botId: string): Conversation | undefined {
    return this.#byBot.get(botId);
  }

  link(botId: string): Link | undefined {
    return this.#byBot.get(botId)?.link;
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#loop.stop();
    await Promise.all([...this.#byBot.values()].map((conversation) => conversation.close()));
  }

  /** Opens a line to each bot that woke and closes those to bots that sleep or are gone. */
  async #sync(): Promise<string> {
    const { db } = this.#deps;
    const woken = await wakeForOpenMessages(db);
    const awake = await selectReachable(db);
    const wanted = new Set(awake.map((bot) => bot.id));
    let closed = 0;
    for (const [botId, conversation] of this.#byBot) {
      // A token that was refused may have been changed meanwhile: read it again with a new line.
      if (wanted.has(botId) && !conversation.refused) continue;
      this.#byBot.delete(botId);
      await conversation.close();
      closed += 1;
    }
    let opened = 0;
    for (const bot of awake) {
      const known = this.#byBot.get(bot.id);
      if (known) {
        known.tick();
        continue;
      }
      if (this.#openLine(bot)) opened += 1;
    }
    return opened + closed + woken > 0 ? `opened ${opened} lines, closed ${closed}, woke ${woken} bots` : "";
  }

  /** One bot that cannot be reached, or whose token cannot be opened, holds up no other. */
  #openLine({ id, userId, flyAppId, gatewayToken }: ChatBot): boolean {
    const { config, log } = this.#deps;
    try {
      if (!flyAppId || !gatewayToken) throw new Error("awake without an address or a token");
      const token = open(config.masterKey, gatewayToken, `bots:${id}:gateway_token`);
      const bot = { id, userId, flyAppId, gatewayToken: token };
      this.#byBot.set(id, new Conversation(this.#deps, this.#devices, bot));
      return true;
    } catch (err) {
      log.error({ botId: id, err }, "no line could be opened to a bot, will be tried again");
      return false;
    }
  }

  async #tellBot(userId: string): Promise<void> {
    try {
      const bot = await findBotOfUser(this.#deps.db, userId);
      this.#devices.tell(userId, { t: "bot", bot: bot ? viewBot(bot) : null });
    } catch (err) {
      this.#deps.log.warn({ userId, err }, "could not tell a device about its bot; the next event will");
    }
  }
}
