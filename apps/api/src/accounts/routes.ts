import * as contract from "@molt/contract";
import { withUser } from "../db/open.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { findBotOfUser, viewBot } from "../fleet/view-bot.ts";
import { serve, type Server } from "../http/serve.ts";
import { deleteAccount } from "./delete-account.ts";
import { ensureUser } from "./ensure-user.ts";
import { setLanguage } from "./set-language.ts";
import { selectUser } from "./table.ts";

export function accountRoutes(server: Server, deps: Deps): void {
  serve(server, contract.getMe, async (_input, caller) => {
    await ensureUser(deps, caller);
    return withUser(deps.db, caller.userId, async (trx) => {
      const user = await selectUser(trx, caller.userId);
      if (!user) throw new AppError("not_signed_in", "This account no longer exists.");
      const bot = await findBotOfUser(trx, caller.userId);
      return {
        user: {
          id: user.id,
          email: user.email,
          createdAt: user.created_at.toISOString(),
          language: user.language,
        },
        subscription: {
          status: user.subscription_status,
          currentPeriodEnd: user.current_period_end?.toISOString() ?? null,
          cancelAtPeriodEnd: user.cancel_at_period_end,
        },
        bot: bot ? viewBot(bot) : null,
      };
    });
  });
  serve(server, contract.setLanguage, async ({ language }, caller) => {
    await ensureUser(deps, caller);
    return setLanguage(deps, caller.userId, language);
  });
  serve(server, contract.deleteAccount, ({ email }, caller) => deleteAccount(deps, caller, email));
}
