/** Which chapter of its birth the bot is in. Pure: what the api said in, one word out. */
import { botSteps, entitled, type BotView, type Me } from "@molt/contract";

export type Chapter = "paying" | "unpaid" | "growing" | "failed" | "born";

export interface BirthFacts {
  readonly me: Me | undefined;
  readonly bot: BotView | null | undefined;
  /** The return page still asks Stripe. */
  readonly confirming: boolean;
}

export function chapterOf({ me, bot, confirming }: BirthFacts): Chapter {
  if (bot) {
    if (bot.status === "failed") return "failed";
    if (bot.status === "provisioning") return "growing";
    return "born";
  }
  if (confirming || me === undefined) return "paying";
  return entitled.includes(me.subscription.status) ? "growing" : "unpaid";
}

/** Steps that are done, 0 to 6. A paid birth without a row yet stands at the first. */
export function stepsDone(bot: BotView | null | undefined, chapter: Chapter): number {
  if (chapter === "born") return botSteps.length - 1;
  return bot ? botSteps.indexOf(bot.step) : 0;
}

const oldMs = 10 * 60_000;

/** Ms of waiting. Counts from the bot's first moment, unless that is long ago or the clocks disagree. */
export function waited(bot: BotView | null | undefined, openedAt: number, now: number): number {
  const born = bot ? Date.parse(bot.createdAt) : openedAt;
  const from = born > now || now - born > oldMs ? openedAt : born;
  return Math.max(0, now - from);
}
