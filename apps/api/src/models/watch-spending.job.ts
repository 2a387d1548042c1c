/**
 * Stops bots that spend for hours with nobody there, or far more than their user is used to. Looks at
 * what is settled and never at single calls, so it costs the calls nothing and may run twice.
 */
import type { HoldReason } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { isAboveHabit, isUnattended, LOWEST_FLOOR_PICOS } from "./breaker.ts";
import { selectSpenders, type Spender } from "./breaker-table.ts";
import { holdBot } from "./hold-bot.ts";

const PAGE = 500;

export async function watchSpending(
  { db, log }: Pick<Deps, "db" | "log">,
  signal: AbortSignal,
): Promise<string> {
  let stopped = 0;
  for (let after: string | null = null; !signal.aborted;) {
    const page: Spender[] = await selectSpenders(db, { after, floorPicos: LOWEST_FLOOR_PICOS, limit: PAGE });
    for (const spender of page) {
      const reason = tripped(spender);
      if (!reason || !(await holdBot(db, spender.botId, { reason, note: null, seenAt: spender.readAt })))
        continue;
      log.warn({ botId: spender.botId, reason }, "the breaker stopped a bot's spending");
      stopped += 1;
    }
    after = page.at(-1)?.botId ?? null;
    if (page.length < PAGE) break;
  }
  return stopped === 0 ? "" : `stopped the spending of ${stopped} bots`;
}

function tripped(spender: Spender): HoldReason | undefined {
  if (isAboveHabit(spender)) return "rate";
  if (isUnattended(spender)) return "unattended";
  return undefined;
}
