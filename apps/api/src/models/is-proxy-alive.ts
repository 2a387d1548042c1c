import type { Deps } from "../deps.ts";
import { selectProxyAlive } from "./table.ts";

/** Whether any model proxy is at work: without one, bots cannot think. */
export function isProxyAlive({ db }: Pick<Deps, "db">): Promise<boolean> {
  return selectProxyAlive(db);
}
