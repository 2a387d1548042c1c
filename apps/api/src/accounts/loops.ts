import type { Deps } from "../deps.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import { endAccounts } from "./end-accounts.job.ts";

/** Looks often: while an account ends there is a look a second, and otherwise one small query. */
export function accountLoops(deps: Deps): Loop[] {
  return [
    startLoop(deps, {
      name: "end accounts",
      everyMs: 1_000,
      wakeOn: "account",
      run: (signal) => endAccounts(deps, signal),
    }),
  ];
}
