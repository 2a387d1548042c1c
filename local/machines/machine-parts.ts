import type { Knobs } from "./knobs.ts";
import type { Log } from "./log.ts";
import type { ProcessDriver } from "./process-driver.ts";
import type { Store } from "./store.ts";

/** What every machine is given by its host. */
export interface MachineParts {
  driver: ProcessDriver;
  store: Store;
  knobs: Knobs;
  log: Log;
}
