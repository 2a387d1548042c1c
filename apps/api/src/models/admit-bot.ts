/** Who is asking: a bot by its key, and where the platform can tell, that key in its own machine only. */
import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { ConfigError } from "../config.ts";
import type { Deps } from "../deps.ts";
import { type Keyring, openKeyring } from "./authenticate-bot.ts";
import { type FlySource, readFlySrcKey, verifyFlySrc } from "./fly-src.ts";
import type { KeyedBot } from "./key-table.ts";
import { CallRefused, refusals } from "./refusals.ts";

type GateDeps = Pick<Deps, "db" | "clock" | "events" | "log" | "config">;

export class Gate {
  readonly #deps: GateDeps;
  readonly #keyring: Keyring;
  readonly #flySrcKey: KeyObject | undefined;

  private constructor(deps: GateDeps, flySrcKey: KeyObject | undefined) {
    this.#deps = deps;
    this.#keyring = openKeyring(deps);
    this.#flySrcKey = flySrcKey;
  }

  /** @throws {ConfigError} when MOLT_FLY_SRC_KEY is set and is no key. */
  static async open(deps: GateDeps): Promise<Gate> {
    const { flySrcKey } = deps.config.models;
    if (flySrcKey === null)
      deps.log.info(
        "MOLT_FLY_SRC_KEY is not set: a bot's key is good from any machine that reaches the proxy",
      );
    return new Gate(deps, flySrcKey === null ? undefined : await openKey(flySrcKey));
  }

  /** @throws {CallRefused} 401 for an unknown key or the wrong machine, 503 when nobody can be found. */
  async admit(req: IncomingMessage): Promise<{ botId: string }> {
    const key = keyOf(req);
    const bot = await this.#find(key);
    if (!bot) throw new CallRefused(refusals.unknownKey);
    if (!this.#flySrcKey) return bot;
    const source = verifyFlySrc(req.headers, this.#flySrcKey, this.#deps.clock.now());
    if (isHome(bot, source)) return bot;
    // Its machine may have been made anew a moment ago.
    const now = source && (await this.#find(key, "afresh"));
    if (now && isHome(now, source)) return now;
    const { botId, flyAppId: app, machineId } = bot;
    this.#deps.log.error(
      { botId, expected: { app, machineId }, source: source ?? "unsigned" },
      "a bot's key was used outside its machine",
    );
    throw new CallRefused(refusals.wrongMachine);
  }

  close(): void {
    this.#keyring.close();
  }

  async #find(key: string | undefined, afresh?: "afresh"): Promise<KeyedBot | undefined> {
    return this.#keyring.find(key, afresh).catch((cause: unknown) => {
      this.#deps.log.error({ err: cause }, "bots cannot be found, the database does not answer");
      throw new CallRefused(refusals.ledgerDown, cause);
    });
  }
}

function isHome({ flyAppId, machineId }: KeyedBot, source: FlySource | undefined): boolean {
  return source !== undefined && source.app === flyAppId && source.machineId === machineId;
}

/** @param setting the key, or the file that holds it. */
async function openKey(setting: string): Promise<KeyObject> {
  try {
    return readFlySrcKey(setting.startsWith("/") ? await readFile(setting, "utf8") : setting);
  } catch (cause) {
    throw new ConfigError(`MOLT_FLY_SRC_KEY: ${cause instanceof Error ? cause.message : "cannot be read"}.`, {
      cause,
    });
  }
}

/** The bot's key: `x-api-key` as Anthropic's clients send it, or Bearer as OpenAI's do. */
function keyOf(req: IncomingMessage): string | undefined {
  const header = req.headers["x-api-key"];
  if (typeof header === "string") return header;
  return /^Bearer (\S+)$/i.exec(req.headers.authorization ?? "")?.[1];
}
