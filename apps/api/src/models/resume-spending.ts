import type { BudgetView } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { updateResumed } from "./budget-table.ts";
import { changeBudget } from "./change-budget.ts";
import { readBudget } from "./read-budget.ts";

/**
 * Lets the bot go on after the user's own stop or the breaker's, which from now on judges only what
 * comes after. Idempotent. The database tells with a `usage` event.
 * @throws {AppError} not_found for a user without a bot, not_yours while the operator holds it.
 */
export async function resumeSpending(deps: Pick<Deps, "db">, userId: string): Promise<BudgetView> {
  return changeBudget(deps, userId, async (trx, botId) => {
    await updateResumed(trx, botId, { evenOperators: false });
    const left = (await readBudget(trx, botId))?.hold;
    if (left) throw new AppError("not_yours", left.message);
  });
}
