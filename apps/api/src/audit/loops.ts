import type { Deps } from "../deps.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import { compareClaims } from "./compare-claims.job.ts";

/** Comparisons that nobody waits for. Any worker may run them. */
export function auditLoops(deps: Deps): Loop[] {
  return [
    startLoop(deps, {
      name: "compare-claims",
      everyMs: 24 * 60 * 60_000,
      run: (signal) => compareClaims(deps, signal),
    }),
  ];
}
