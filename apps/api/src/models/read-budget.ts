/** What a bot has spent and may spend, now, as the app shows it. */
import type { BudgetView, HoldReason } from "@molt/contract";
import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import { type BudgetRow, selectBudget } from "./budget-table.ts";

/**
 * Works inside `withUser` as well as outside of it. Undefined: there is no such bot, or it is
 * somebody else's. Changes are told by `usage` events.
 */
export async function readBudget(db: Kysely<Database>, botId: string): Promise<BudgetView | undefined> {
  const row = await selectBudget(db, botId);
  return row && viewBudget(row);
}

function viewBudget(row: BudgetRow): BudgetView {
  const { heldSince, heldReason, heldNote } = row;
  return {
    dayPicos: row.dayPicos.toString(),
    dayCapPicos: row.dayCapPicos.toString(),
    unattendedDayPicos: row.unattendedDayPicos.toString(),
    unattendedDayCapPicos: row.unattendedDayCapPicos.toString(),
    monthPicos: row.monthPicos.toString(),
    monthCapPicos: row.monthCapPicos.toString(),
    runCapPicos: row.runCapPicos.toString(),
    hold:
      heldSince && heldReason
        ? {
            reason: heldReason,
            since: heldSince.toISOString(),
            message: [sentences[heldReason], ...(heldNote ? [`They say: ${heldNote}`] : [])].join(" "),
          }
        : null,
  };
}

/** Told to the owner: why, and what to do. */
const sentences: Record<HoldReason, string> = {
  loop: "Your bot asked the model the same thing again and again, so its spending was stopped. Look at what it was doing, then let it go on.",
  unattended:
    "Your bot went on spending for hours while nobody was there, so it was stopped. If that is what you want, let it go on.",
  rate: "Within an hour your bot spent far more than it otherwise does in a day, so it was stopped. If that is what you want, let it go on.",
  user: "You stopped your bot’s spending. It goes on when you say so.",
  operator: "The operator stopped your bot’s spending. Only they can lift that; please write to support.",
};
