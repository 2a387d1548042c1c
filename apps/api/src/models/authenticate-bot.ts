/**
 * Finds a bot by its model key: SHA-256, one index look-up, remembered for a few seconds. Whether
 * the bot may spend is not decided here but in the reservation, which reads its state afresh.
 */
import { createHash } from "node:crypto";
import type { Deps } from "../deps.ts";
import { deletePreviousKey, type KeyedBot, selectBotByKey } from "./key-table.ts";

/** `molt_` and 32 random bytes in base64url. */
const KEY = /^molt_[A-Za-z0-9_-]{43}$/;
/** A revoked key is dead after this long at the latest (reference: faults F102, at most 5 s). */
const REMEMBER_MS = 4_000;
const MAX_REMEMBERED = 10_000;

export interface Keyring {
  /** @param afresh asks the database even for what is remembered. */
  find(key: string | undefined, afresh?: "afresh"): Promise<KeyedBot | undefined>;
  close(): void;
}

/**
 * A memory of keys in front of the table. Unknown keys are remembered as well, so that a bot that
 * keeps knocking with a dead key costs the database one look every few seconds.
 */
export function openKeyring({ db, clock, events }: Pick<Deps, "db" | "clock" | "events">): Keyring {
  const known = new Map<string, { bot: KeyedBot | undefined; until: number }>();
  const unsubscribe = events.subscribe("bot", ({ botId }) => {
    for (const [hash, { bot }] of known) {
      if (botId === undefined || bot === undefined || bot.botId === botId) known.delete(hash);
    }
  });
  return {
    async find(key, afresh) {
      if (key === undefined || !KEY.test(key)) return undefined;
      const hash = createHash("sha256").update(key).digest();
      const name = hash.toString("base64");
      const seen = known.get(name);
      if (!afresh && seen && seen.until > clock.monotonicMs()) return seen.bot;
      const until = clock.monotonicMs() + REMEMBER_MS;
      const bot = await selectBotByKey(db, hash);
      if (bot?.outlivesAnother) await deletePreviousKey(db, hash);
      known.delete(name);
      if (known.size >= MAX_REMEMBERED) known.delete(known.keys().next().value ?? "");
      known.set(name, { bot, until });
      return bot;
    },
    close: unsubscribe,
  };
}

/** For single look-ups elsewhere in the api (POST /usage). */
export async function authenticateBot(
  deps: Pick<Deps, "db">,
  key: string,
): Promise<{ botId: string } | undefined> {
  if (!KEY.test(key)) return undefined;
  const bot = await selectBotByKey(deps.db, createHash("sha256").update(key).digest());
  return bot && { botId: bot.botId };
}
