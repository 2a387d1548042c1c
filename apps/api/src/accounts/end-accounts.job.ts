import type { Deps } from "../deps.ts";
import { endAccount } from "./end-account.ts";
import { claimDeletions, type Deletion, postponeDeletion } from "./table.ts";

const TOGETHER = 8;
/** Longer than one pass may take; a worker that dies leaves its accounts to the next after this. */
const LEASE_MS = 2 * 60_000;
/** How long to the next look at what is waited for, by the age of the wish: the usual end takes seconds. */
const looks = [
  { olderThanMs: 10 * 60_000, waitMs: 5 * 60_000 },
  { olderThanMs: 60_000, waitMs: 10_000 },
  { olderThanMs: 0, waitMs: 1_000 },
];
/** Longer than that is for an operator as well (I9). */
const ALERT_MS = 10 * 60_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 5 * 60_000;
/** After so many failures in a row it is an operator's matter as well: half an hour, then on and on. */
const ALERT_AT = 12;

/**
 * Takes each account that is being deleted as far as it goes now. Safe on two workers and after any
 * death. A service that is down makes its accounts wait, and no other.
 */
export async function endAccounts(deps: Deps, signal: AbortSignal): Promise<string> {
  const due = await claimDeletions(deps.db, { limit: TOGETHER, leaseMs: LEASE_MS });
  const outcomes = await Promise.all(due.map((deletion) => endOne(deps, deletion, signal)));
  const ended = outcomes.filter(Boolean).length;
  return ended === 0 ? "" : `ended ${ended} accounts`;
}

async function endOne(deps: Deps, deletion: Deletion, signal: AbortSignal): Promise<boolean> {
  const { db, log } = deps;
  const userId = deletion.user_id;
  try {
    const ending = await endAccount(deps, deletion, signal);
    if (ending === "ended") return true;
    const ageMs = deps.clock.now().getTime() - deletion.asked_at.getTime();
    if (ageMs >= ALERT_MS) log.error({ userId, ageMs, ending }, "an account takes long to end");
    const waitMs = looks.find((look) => ageMs >= look.olderThanMs)?.waitMs ?? FIRST_RETRY_MS;
    await postponeDeletion(db, userId, { attempts: 0, waitMs, note: ending });
  } catch (err) {
    const attempts = deletion.attempts + 1;
    const note = (err instanceof Error ? err.message : String(err)).slice(0, 300);
    const waitMs = signal.aborted
      ? 0
      : Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 12));
    await postponeDeletion(db, userId, { attempts, waitMs, note });
    log[attempts >= ALERT_AT ? "error" : "warn"](
      { userId, attempts, err },
      "an account could not be ended yet, will be tried again",
    );
  }
  return false;
}
