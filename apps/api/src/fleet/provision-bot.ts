import { type BotView, entitled } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { askForBot } from "./ask-for-bot.ts";
import { findBotOfUser, viewBot } from "./view-bot.ts";

/**
 * The user's own wish for a bot, also the retry after a failure. Idempotent.
 * @throws {AppError} no_subscription unless the plan allows a bot to run.
 */
export async function provisionBot(deps: Deps, userId: string): Promise<BotView> {
  return deps.db.transaction().execute(async (trx) => {
    // Locked, so that a cancellation at the same moment comes wholly before or wholly after.
    const user = await trx
      .selectFrom("app.users")
      .select("subscription_status")
      .where("id", "=", userId)
      .forShare()
      .executeTakeFirst();
    if (user === undefined || !entitled.includes(user.subscription_status))
      throw new AppError("no_subscription", "A bot needs a subscription. Please choose the plan first.");
    await askForBot(deps, trx, userId);
    const bot = await findBotOfUser(trx, userId);
    if (bot === undefined) throw new AppError("internal", "The bot was asked for, but is not there.");
    return viewBot(bot);
  });
}
