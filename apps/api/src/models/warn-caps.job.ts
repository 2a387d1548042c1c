/**
 * Tells an owner by mail when half, four fifths and all of the month's spending cap is used. Looks at
 * the ledger's budgets and never at single calls, so it costs the calls nothing and may run twice.
 */
import type { Deps } from "../deps.ts";
import { knownOccasions } from "../mail/known-occasions.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { type NearCap, selectNearCaps } from "./table.ts";

const STEPS = [100, 80, 50] as const;
const PAGE = 500;

/** One mail for a bot, month, cap and step; of steps that were passed at once only the highest. */
export async function warnCaps({ db }: Pick<Deps, "db">, signal: AbortSignal): Promise<string> {
  let warned = 0;
  for (let after: string | null = null; !signal.aborted;) {
    const page: NearCap[] = await selectNearCaps(db, { after, lowest: STEPS[2], limit: PAGE });
    const due = page.flatMap((budget) => {
      const percent = stepOf(budget);
      if (percent === undefined) return [];
      const key = `cap-reached/${budget.botId}/${budget.month}/${budget.capPicos}/${percent}`;
      return [{ ...budget, percent, key }];
    });
    const known = await knownOccasions(
      db,
      due.map(({ key }) => key),
    );
    for (const { key, email, percent, spentPicos, capPicos } of due.filter((one) => !known.has(one.key))) {
      const data = { percent, spentPicos: spentPicos.toString(), capPicos: capPicos.toString() };
      if (await queueMail(db, { key, recipient: email, template: "cap-reached", data })) warned += 1;
    }
    after = page.at(-1)?.botId ?? null;
    if (page.length < PAGE) break;
  }
  return warned === 0 ? "" : `told ${warned} owners about their cap`;
}

/** A bot whose next call no longer fits is at its cap, though some cents may be left. */
function stepOf({ spentPicos, capPicos, stopped }: NearCap): (typeof STEPS)[number] | undefined {
  if (stopped) return 100;
  return STEPS.find((step) => spentPicos * 100n >= capPicos * BigInt(step));
}
