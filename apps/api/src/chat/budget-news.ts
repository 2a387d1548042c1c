/**
 * Tells people's devices what their bot has spent and may spend, whenever it changed. A bot at work
 * closes several calls a second; a screen needs the last figure and not each one. So changes gather
 * while one round is being told: a user hears at most once a round, always the newest, and a user
 * who is not connected costs nothing.
 */
import type { Deps } from "../deps.ts";
import { findBotOfUser } from "../fleet/view-bot.ts";
import { readBudget } from "../models/read-budget.ts";
import type { Devices } from "./device.ts";

/** The pause between two rounds. */
const ROUND_MS = 500;
/** Budgets read at the same time; the pool is everybody's. */
const AT_ONCE = 4;

export class BudgetNews {
  #deps: Deps;
  #devices: Devices;
  /** Who is to be told in the next round, and of which bot where the event said so. */
  #due = new Map<string, string | undefined>();
  #rounds: Promise<void> | undefined;
  #closing = new AbortController();
  #unsubscribe: () => void;

  constructor(deps: Deps, devices: Devices) {
    this.#deps = deps;
    this.#devices = devices;
    this.#unsubscribe = deps.events.subscribe("usage", ({ userId, botId }) => {
      // Without a name it may be anybody: the connection that brings the news was lost for a while.
      if (userId) this.changed(userId, botId);
      else for (const user of devices.users()) this.changed(user);
    });
  }

  /** All devices of this user will be told, at once or after the running round. */
  changed(userId: string, botId?: string): void {
    if (this.#closing.signal.aborted || !this.#devices.has(userId)) return;
    this.#due.set(userId, botId ?? this.#due.get(userId));
    this.#rounds ??= this.#tellRounds();
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#closing.abort();
    await this.#rounds;
  }

  async #tellRounds(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#due.size > 0 && !signal.aborted) {
      const round = this.#due.entries();
      this.#due = new Map();
      const teller = async () => {
        for (const [userId, botId] of round) await this.#tell(userId, botId);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, teller));
      await this.#deps.clock.sleep(ROUND_MS, signal).catch(() => undefined); // closing
    }
    this.#rounds = undefined;
  }

  async #tell(userId: string, knownBotId: string | undefined): Promise<void> {
    if (!this.#devices.has(userId)) return;
    const { db, log } = this.#deps;
    try {
      const botId = knownBotId ?? (await findBotOfUser(db, userId))?.id;
      const budget = botId === undefined ? undefined : await readBudget(db, botId);
      if (budget) this.#devices.tell(userId, { t: "budget", budget });
    } catch (err) {
      log.warn({ userId, err }, "could not tell a device about its budget; the next event will");
    }
  }
}
