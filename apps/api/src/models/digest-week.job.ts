/**
 * The weekly mail: what a bot did in the last whole week and what it cost. Only for bots that did
 * something, and one may refuse it (mail/choose-mails.ts). Weeks run from Monday to Sunday, UTC.
 */
import { chargePicos } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { knownOccasions } from "../mail/known-occasions.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { type BotWeek, selectWeeks } from "./digest-table.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Later it is no news any more: after a long outage nobody gets last week's mail on a Friday. */
const NEWS_DAYS = 3;
const PAGE = 500;

/** Safe to run at any time and any number of times: one mail for a bot and week. */
export async function digestWeek(
  { db, clock }: Pick<Deps, "db" | "clock">,
  signal: AbortSignal,
): Promise<string> {
  const week = lastWeek(clock.now());
  if (!week) return "";
  let queued = 0;
  for (let after: string | null = null; !signal.aborted;) {
    const page: BotWeek[] = await selectWeeks(db, { ...week, after, limit: PAGE });
    const known = await knownOccasions(
      db,
      page.map(({ botId }) => key(botId, week.from)),
    );
    for (const { botId, email, costPicos, ...counts } of page) {
      if (known.has(key(botId, week.from))) continue;
      const isNew = await queueMail(db, {
        key: key(botId, week.from),
        recipient: email,
        template: "weekly-digest",
        data: { ...week, ...counts, chargePicos: chargePicos(costPicos).toString() },
      });
      if (isNew) queued += 1;
    }
    after = page.at(-1)?.botId ?? null;
    if (page.length < PAGE) break;
  }
  return queued === 0 ? "" : `queued ${queued} weekly mails`;
}

function key(botId: string, monday: string): string {
  return `weekly-digest/${botId}/${monday}`;
}

/** Monday and Sunday of the week that is over; undefined from Thursday on. */
export function lastWeek(now: Date): { from: string; to: string } | undefined {
  const weekday = (now.getUTCDay() + 6) % 7;
  if (weekday >= NEWS_DAYS) return undefined;
  const day = (back: number) => new Date(now.getTime() - back * DAY_MS).toISOString().slice(0, 10);
  return { from: day(weekday + 7), to: day(weekday + 1) };
}
