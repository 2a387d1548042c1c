/** Removes what can no longer be used, so that every table of this service stays bounded. */
import type pg from "pg";

import { dayMs, hourMs } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { inactivityMs } from "./sessions.ts";

/** Enough to see weeks of use on one machine. */
const maxAuditRows = 100_000;

export async function sweep(pool: pg.Pool, clock: Clock): Promise<void> {
  const ago = (ms: number): Date => new Date(clock.now().getTime() - ms);
  await pool.query("delete from auth.one_time_codes where expires_at < $1", [ago(dayMs)]);
  await pool.query("delete from auth.flow_state where created_at < $1", [ago(dayMs)]);
  await pool.query("delete from auth.mail_limits where sent_at < $1", [ago(hourMs)]);
  await pool.query("delete from auth.mail_intents where created_at < $1", [ago(dayMs)]);
  // A while longer than they can be used: until then the client is told "expired", not "unknown".
  await pool.query("delete from auth.sessions where refreshed_at < $1", [ago(2 * inactivityMs)]);
  await pool.query(
    "delete from auth.audit_log_entries where id <= (select max(id) from auth.audit_log_entries) - $1::bigint",
    [maxAuditRows],
  );
}
