import type { Kysely } from "kysely";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Database } from "./db/types.ts";
import type { Events } from "./events.ts";
import type { Logger } from "./log.ts";

/** What every feature is given. Nothing in a feature reaches for a global. */
export interface Deps {
  config: Config;
  db: Kysely<Database>;
  log: Logger;
  clock: Clock;
  events: Events;
}
