import type { Deps } from "../deps.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import { purgeWaitlist } from "./purge-waitlist.job.ts";

export function waitlistLoops(deps: Deps): Loop[] {
  return [
    startLoop(deps, {
      name: "waitlist",
      everyMs: 60 * 60_000,
      run: (signal) => purgeWaitlist(deps, signal),
    }),
  ];
}
