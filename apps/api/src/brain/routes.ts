import { type Brain, getBrain } from "@molt/contract";
import type { Links } from "../chat/conversations.ts";
import { withUser } from "../db/open.ts";
import type { Deps } from "../deps.ts";
import { findBotOfUser } from "../fleet/view-bot.ts";
import { serve, type Server } from "../http/serve.ts";
import { selectSnapshot } from "./table.ts";
import { takeSnapshot } from "./take-snapshot.ts";

/** A picture this young is shown again instead of asking the bot forty questions. */
const FRESH_MS = 3_000;

export function brainRoutes(server: Server, deps: Deps, links: Links): void {
  const running = new Map<string, Promise<Brain>>();

  /** One reading at a time and bot, however many devices look. */
  function read(botId: string): Promise<Brain> | undefined {
    const link = links.link(botId);
    if (link?.state !== "open") return undefined;
    const known = running.get(botId);
    if (known) return known;
    const reading = takeSnapshot(deps, botId, link);
    running.set(botId, reading);
    void forgetLater(botId, reading);
    return reading;
  }

  async function forgetLater(botId: string, reading: Promise<Brain>): Promise<void> {
    await reading.catch(() => undefined); // the request that waits reports it
    await deps.clock.sleep(FRESH_MS);
    running.delete(botId);
  }

  serve(server, getBrain, async (_input, caller) => {
    const bot = await withUser(deps.db, caller.userId, (trx) => findBotOfUser(trx, caller.userId));
    if (!bot) return { brain: null };
    const live = await read(bot.id)?.catch((err: unknown) => {
      deps.log.warn({ botId: bot.id, err }, "could not read a mind, showing the last picture");
      return undefined;
    });
    return {
      brain: live ?? (await withUser(deps.db, caller.userId, (trx) => selectSnapshot(trx, bot.id))) ?? null,
    };
  });
}
