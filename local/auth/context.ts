/** What every route of the service works with, made once in server.ts. */
import type { FastifyBaseLogger } from "fastify";
import type pg from "pg";

import type { AccessTokens } from "./access-token.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { FaultPlan } from "./faults.ts";
import type { KeyRing } from "./keys.ts";
import type { Limits } from "./limits.ts";
import type { MailSender } from "./mail-sender.ts";
import type { Passwords } from "./passwords.ts";
import type { Redirects } from "./redirects.ts";

export interface Context {
  config: Config;
  /** The two switches that a test may throw while the service runs. */
  switches: { autoconfirm: boolean; disableSignup: boolean };
  pool: pg.Pool;
  clock: Clock;
  keys: KeyRing;
  tokens: AccessTokens;
  limits: Limits;
  passwords: Passwords;
  redirects: Redirects;
  mail: MailSender;
  faults: FaultPlan;
  log: FastifyBaseLogger;
}
