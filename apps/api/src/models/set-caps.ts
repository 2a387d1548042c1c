import type { BudgetView } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { updateCaps } from "./budget-table.ts";
import { changeBudget } from "./change-budget.ts";

/** Pico-dollars as decimal text, checked by the contract; what is left out stays as it is. */
export interface WantedCaps {
  dayCapPicos?: string | undefined;
  monthCapPicos?: string | undefined;
  unattendedDayCapPicos?: string | undefined;
  runCapPicos?: string | undefined;
}

/**
 * Sets the user's own caps. They hold from the next call on; a cap below what is spent already stops
 * the bot until it is raised or its time is over. The database tells with a `usage` event.
 * @throws {AppError} not_found for a user without a bot.
 */
export async function setCaps(deps: Pick<Deps, "db">, userId: string, caps: WantedCaps): Promise<BudgetView> {
  const asPicos = (text: string | undefined) => (text === undefined ? undefined : BigInt(text));
  return changeBudget(deps, userId, (trx, botId) =>
    updateCaps(trx, botId, {
      dayCapPicos: asPicos(caps.dayCapPicos),
      monthCapPicos: asPicos(caps.monthCapPicos),
      unattendedDayCapPicos: asPicos(caps.unattendedDayCapPicos),
      runCapPicos: asPicos(caps.runCapPicos),
    }),
  );
}
