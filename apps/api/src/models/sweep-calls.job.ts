/**
 * Closes the calls of processes that died, once, as estimates that say so, and forgets old runs.
 * Runs anywhere and any number of times: a row that is closed is not closed again.
 */
import type { Deps } from "../deps.ts";
import { LONGEST_CALL_MS } from "./answer-call.ts";
import { deleteOldRuns, sweepCalls } from "./table.ts";

/** A process says every 5 s that it lives (ledger.ts). */
const PROCESS_GRACE_MS = 30_000;
const BATCH = 1_000;

export async function sweepAbandonedCalls(
  { db, log }: Pick<Deps, "db" | "log">,
  graceMs: number = PROCESS_GRACE_MS,
): Promise<string> {
  const closed = await sweepCalls(db, {
    processGraceMs: graceMs,
    longestCallMs: 2 * LONGEST_CALL_MS,
    atMost: BATCH,
  });
  await deleteOldRuns(db);
  if (closed.length === 0) return "";
  log.warn({ calls: closed.slice(0, 20) }, "closed calls whose process had ended");
  return `closed ${closed.length} abandoned calls`;
}
