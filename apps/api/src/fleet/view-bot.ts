/** A user's bot as the api shows it. Reads only columns a user may read himself. */
import type { BotView } from "@molt/contract";
import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import type { BotRow } from "./table.ts";

const columns = [
  "id",
  "user_id",
  "status",
  "created_at",
  "desired",
  "step",
  "step_since",
  "failure_code",
  "failure_message",
  "region",
  "last_active_at",
  "last_seq",
] as const;

export type UsersBot = Pick<BotRow, (typeof columns)[number]>;

/** Works inside `withUser` as well as outside of it. Undefined: this user has no bot. */
export async function findBotOfUser(db: Kysely<Database>, userId: string): Promise<UsersBot | undefined> {
  return db.selectFrom("app.bots").select(columns).where("user_id", "=", userId).executeTakeFirst();
}

export function viewBot(bot: UsersBot): BotView {
  const failed = bot.status === "failed";
  return {
    id: bot.id,
    status: bot.status,
    step: bot.step,
    stepSince: bot.step_since.toISOString(),
    failure: failed
      ? {
          code: bot.failure_code ?? "unknown",
          message: bot.failure_message ?? "Something went wrong. Please try again.",
        }
      : null,
    createdAt: bot.created_at.toISOString(),
    lastActiveAt: bot.last_active_at.toISOString(),
  };
}
