import type { Deps } from "../deps.ts";
import { selectMetered } from "./meter-table.ts";

export interface Metered {
  /** Provider cost that Stripe has been told of, in pico-dollars; its price holds the x 1.2. */
  reportedPicos: bigint;
  /** In the ledger and not at Stripe yet: waiting, on its way, or dropped and to be sent anew. */
  waitingPicos: bigint;
}

/** What of a user's usage is on the bill, over all time. */
export function readMetered({ db }: Pick<Deps, "db">, userId: string): Promise<Metered> {
  return selectMetered(db, userId);
}
