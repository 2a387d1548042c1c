import type { BudgetView } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { updateHeld } from "./budget-table.ts";
import { changeBudget } from "./change-budget.ts";

/**
 * The user's own stop: from here on no model call of the bot leaves; one that is on its way ends as
 * it would. Idempotent; a bot that the breaker or the operator has stopped stays stopped for that
 * reason. The database tells with a `usage` event.
 * @throws {AppError} not_found for a user without a bot.
 */
export async function pauseSpending(deps: Pick<Deps, "db">, userId: string): Promise<BudgetView> {
  return changeBudget(deps, userId, async (trx, botId) => {
    await updateHeld(trx, botId, { reason: "user", note: null });
  });
}
