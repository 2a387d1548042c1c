/**
 * Closes the calls of processes that died, once, as estimates that say so, and forgets old runs.
 * Runs anywhere and any number of times: a row that is closed is not closed again. A process that was
 * only frozen sets its calls right itself when it goes on (app.correct_calls).
 */
import type { Deps } from "../deps.ts";
import { LONGEST_CALL_MS } from "./answer-call.ts";
import { deleteOldProcesses, deleteOldRuns, sweepCalls, type SweepLimits } from "./table.ts";

/** A process says every 5 s that it lives (ledger.ts). */
const PROCESS_GRACE_MS = 30_000;
/**
 * What a process that was cut off from the database with all others may need for its next beat: a query
 * that hangs is given up after 20 s (db/open.ts), and the next one comes 5 s later.
 */
const DOUBT_MS = 27_000;
const CALLS_PAGE = 1_000;
const RUNS_PAGE = 10_000;
/** Of each kind in one go, so that neither keeps the other waiting for ever; the next go is a minute later. */
const MAX_PAGES = 100;

type Parts = Pick<Deps, "db" | "log">;

/** What a process has to keep silent for to be taken for dead. */
export type Silence = Pick<SweepLimits, "processGraceMs" | "doubtMs">;

/** Whoever has not said a word within this statement is dead: what a test means, that killed it. */
export const AT_ONCE: Silence = { processGraceMs: 0, doubtMs: 0 };

export async function sweepAbandonedCalls(
  deps: Parts,
  silence: Silence = { processGraceMs: PROCESS_GRACE_MS, doubtMs: DOUBT_MS },
  signal?: AbortSignal,
): Promise<string> {
  const closed = await sweepPages(deps, silence, signal);
  const forgotten = await forgetRuns(deps, signal);
  await deleteOldProcesses(deps.db);
  return [
    closed > 0 ? `closed ${closed} abandoned calls` : "",
    forgotten > 0 ? `forgot ${forgotten} old runs` : "",
  ]
    .filter(Boolean)
    .join(", ");
}

async function sweepPages({ db, log }: Parts, silence: Silence, signal?: AbortSignal): Promise<number> {
  const limits = { ...silence, longestCallMs: 2 * LONGEST_CALL_MS, atMost: CALLS_PAGE };
  let total = 0;
  for (let page = 0; page < MAX_PAGES && !signal?.aborted; page += 1) {
    const { closed, failed } = await sweepCalls(db, limits);
    total += closed.length;
    if (closed.length > 0) log.warn({ calls: closed.slice(0, 20) }, "closed calls whose process had ended");
    if (failed.length > 0)
      log.error(
        { count: failed.length, calls: failed.slice(0, 20) },
        "calls whose process had ended cannot be closed",
      );
    if (closed.length === 0 || closed.length + failed.length < CALLS_PAGE) break;
  }
  return total;
}

async function forgetRuns({ db }: Parts, signal?: AbortSignal): Promise<number> {
  let total = 0;
  for (let page = 0; page < MAX_PAGES && !signal?.aborted; page += 1) {
    const deleted = await deleteOldRuns(db, RUNS_PAGE);
    total += deleted;
    if (deleted < RUNS_PAGE) break;
  }
  return total;
}
