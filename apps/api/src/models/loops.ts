import type { Deps } from "../deps.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import { digestWeek } from "./digest-week.job.ts";
import { sweepAbandonedCalls } from "./sweep-calls.job.ts";
import { warnCaps } from "./warn-caps.job.ts";
import { watchSpending } from "./watch-spending.job.ts";

/** What settles meanwhile is judged together: how long a runaway may go unseen by the breaker. */
const GATHER_MS = 10_000;

/** What the ledger needs done by itself. Any worker may run it. */
export function modelsLoops(deps: Deps): Loop[] {
  return [
    startLoop(deps, {
      name: "sweep-calls",
      // A dead process is suspected in one run, and its calls are closed two runs later.
      everyMs: 14_000,
      run: (signal) => sweepAbandonedCalls(deps, undefined, signal),
    }),
    startLoop(deps, {
      name: "digest-week",
      everyMs: 60 * 60_000,
      run: (signal) => digestWeek(deps, signal),
    }),
    startLoop(deps, {
      name: "watch-spending",
      everyMs: 60_000,
      wakeOn: "usage",
      run: async (signal) => {
        await deps.clock.sleep(GATHER_MS, signal);
        return watchSpending(deps, signal);
      },
    }),
    startLoop(deps, { name: "warn-caps", everyMs: 60_000, run: (signal) => warnCaps(deps, signal) }),
  ];
}
