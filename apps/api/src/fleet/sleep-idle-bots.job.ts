import type { Deps } from "../deps.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import { letIdleSleep, type Owned, wakeForSchedule } from "./table.ts";

const batch = 200;
/** A cold boot takes 10 to 20 s, and must be over when the bot's own schedule calls. */
const wakeLeadMs = 60_000;
const longestPauseMs = 30_000;

/** Bots that nobody needs are asked to sleep; bots whose own schedule calls soon are asked to wake. */
export function sleepIdleLoop(deps: Deps): Loop {
  return startLoop(deps, {
    name: "sleep-idle-bots",
    everyMs: Math.min(longestPauseMs, Math.max(1_000, deps.config.fleet.idleMs / 4)),
    run: () => sleepIdleBots(deps),
  });
}

/** Only wishes are written here; the reconciler asks each bot whether it is really idle. */
export async function sleepIdleBots(deps: Deps): Promise<string> {
  const asleep = await change(deps, (trx) => letIdleSleep(trx, deps.config.fleet.idleMs, batch));
  const awake = await change(deps, (trx) => wakeForSchedule(trx, wakeLeadMs, batch));
  return asleep + awake === 0 ? "" : `asked ${asleep} bots to sleep and ${awake} to wake for their schedule`;
}

async function change(deps: Deps, ask: (trx: Deps["db"]) => Promise<Owned[]>): Promise<number> {
  return deps.db.transaction().execute(async (trx) => {
    const bots = await ask(trx);
    for (const bot of bots)
      await deps.events.publish(trx, { kind: "bot", botId: bot.id, userId: bot.user_id });
    return bots.length;
  });
}
