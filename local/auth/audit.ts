/** What this service believes has happened. Written in the transaction it belongs to, bounded by the sweep. */
import type { Query } from "./database.ts";

export type Action =
  | "user_signedup"
  | "user_repeated_signup"
  | "login"
  | "logout"
  | "token_refreshed"
  | "token_revoked"
  | "mail_requested"
  | "code_accepted"
  | "user_modified"
  | "user_updated_password"
  | "user_deleted";

export interface Entry {
  now: Date;
  action: Action;
  userId?: string | undefined;
  sessionId?: string | undefined;
  ip?: string | undefined;
}

export async function record(query: Query, entry: Entry): Promise<void> {
  await query.query(
    "insert into auth.audit_log_entries (created_at, action, user_id, session_id, ip) values ($1, $2, $3, $4, $5)",
    [entry.now, entry.action, entry.userId ?? null, entry.sessionId ?? null, entry.ip ?? null],
  );
}
