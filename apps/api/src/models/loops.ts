import type { Deps } from "../deps.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import { digestWeek } from "./digest-week.job.ts";
import { sweepAbandonedCalls } from "./sweep-calls.job.ts";
import { warnCaps } from "./warn-caps.job.ts";

/** What the ledger needs done by itself. Any worker may run it. */
export function modelsLoops(deps: Deps): Loop[] {
  return [
    startLoop(deps, { name: "sweep-calls", everyMs: 60_000, run: () => sweepAbandonedCalls(deps) }),
    startLoop(deps, {
      name: "digest-week",
      everyMs: 60 * 60_000,
      run: (signal) => digestWeek(deps, signal),
    }),
    startLoop(deps, { name: "warn-caps", everyMs: 60_000, run: (signal) => warnCaps(deps, signal) }),
  ];
}
