/** Where a signed-in person belongs: to the till, to the birth of the bot, or into the chat. */
import { entitled, type Me } from "@molt/contract";

export type Home = "/subscribe" | "/welcome" | "/chat";

/** A bot that was alive once is always reachable: its history is readable while it is paused. */
export function homeFor(me: Pick<Me, "subscription" | "bot">): Home {
  const pays = entitled.includes(me.subscription.status);
  if (me.bot === null) return pays ? "/welcome" : "/subscribe";
  return me.bot.status === "provisioning" ? "/welcome" : "/chat";
}
