/** The conversations of this process: one for each bot that is awake. */
import type { Deps } from "../deps.ts";
import { viewBot, findBotOfUser } from "../fleet/view-bot.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import type { Link } from "../link/link.ts";
import { open } from "../secrets.ts";
import { Conversation } from "./conversation.ts";
import type { Devices } from "./device.ts";
import { selectReachable, wakeForOpenMessages } from "./table.ts";

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
    const { db, config, log } = this.#deps;
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
      if (!bot.flyAppId || !bot.gatewayToken) {
        log.error({ botId: bot.id }, "a bot is awake without an address or a token");
        continue;
      }
      const gatewayToken = open(config.masterKey, bot.gatewayToken, `bots:${bot.id}:gateway_token`);
      this.#byBot.set(
        bot.id,
        new Conversation(this.#deps, this.#devices, {
          id: bot.id,
          userId: bot.userId,
          flyAppId: bot.flyAppId,
          gatewayToken,
        }),
      );
      opened += 1;
    }
    return opened + closed + woken > 0 ? `opened ${opened} lines, closed ${closed}, woke ${woken} bots` : "";
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
