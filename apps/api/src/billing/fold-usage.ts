import type { Deps } from "../deps.ts";
import { foldUsers, type FoldWindow, selectCandidates } from "./meter-table.ts";

const PAGE = 1_000;
/** Users in one transaction. */
const TOGETHER = 100;

/** A batch a user every five minutes at most: a month of an ever busy bot is 8,640 events. */
export const FOLD_PAUSE_MS = 5 * 60_000;
/** The loop comes every minute, so within this time of a period's end it comes once more. */
const PERIOD_END_MS = 75_000;

export interface FoldOptions {
  /** `all`: also what was settled long after its day. */
  days: FoldWindow["days"];
  pauseMs?: number;
}

/**
 * Takes what the ledger has grown by since the last time and writes it into batches, one a user. Safe
 * on two workers and at any moment: it compares counters, so nothing is taken twice or missed
 * (docs/decisions/0013).
 * @returns how many batches it wrote.
 */
export async function foldUsage(
  { db }: Pick<Deps, "db">,
  { days, pauseMs = FOLD_PAUSE_MS }: FoldOptions,
  signal: AbortSignal,
): Promise<number> {
  let written = 0;
  for (let after: string | null = null; !signal.aborted;) {
    const window: FoldWindow = { after, limit: PAGE, pauseMs, periodEndMs: PERIOD_END_MS, days };
    const page = await selectCandidates(db, window);
    const due = page.filter((user) => user.isDue).map((user) => user.userId);
    for (let at = 0; at < due.length && !signal.aborted; at += TOGETHER) {
      written += (await foldUsers(db, due.slice(at, at + TOGETHER), days)).length;
    }
    after = page.at(-1)?.userId ?? null;
    if (page.length < PAGE) break;
  }
  return written;
}
