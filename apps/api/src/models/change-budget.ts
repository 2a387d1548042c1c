/** What the user's verbs on the own budget share: whose it is, one transaction, and the budget after it. */
import type { BudgetView } from "@molt/contract";
import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { ensureBudgetOfUser } from "./budget-table.ts";
import { readBudget } from "./read-budget.ts";

/** @throws {AppError} not_found for a user without a bot. */
export async function changeBudget(
  { db }: Pick<Deps, "db">,
  userId: string,
  change: (trx: Kysely<Database>, botId: string) => Promise<void>,
): Promise<BudgetView> {
  return db.transaction().execute(async (trx) => {
    const botId = await ensureBudgetOfUser(trx, userId);
    if (botId === undefined) throw new AppError("not_found", "You have no bot yet.");
    await change(trx, botId);
    const budget = await readBudget(trx, botId);
    if (!budget) throw new AppError("not_found", "You have no bot any more.");
    return budget;
  });
}
