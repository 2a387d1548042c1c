/** Sessions: how they begin, go on and end. The rules of refresh are GoTrue's (internal/tokens/service.go). */
import { randomUUID } from "node:crypto";

import type { Amr } from "./access-token.ts";
import { record } from "./audit.ts";
import { dayMs, secondMs, unixSeconds } from "./clock.ts";
import type { Context } from "./context.ts";
import { inTransaction } from "./database.ts";
import type { Query } from "./database.ts";
import { AuthError } from "./errors.ts";
import { readRefreshToken, writeRefreshToken } from "./refresh-token.ts";
import { findUserById, isBanned, updateUser, userObject } from "./users.ts";
import type { UserRow } from "./users.ts";

/** Two tabs that refresh at the same time are not a thief (GoTrue: refresh_token_reuse_interval). */
const reuseMs = 10 * secondMs;
/** A session that nobody refreshed for so long is over. */
export const inactivityMs = 30 * dayMs;
/** More devices than anybody has; the oldest session ends when one more begins. */
const maxSessions = 100;

export interface SessionRow {
  id: string;
  user_id: string;
  amr: Amr;
  refresh_token_counter: number;
  refreshed_at: Date;
}

export interface Caller {
  ip: string;
  userAgent: string | undefined;
}

/** Begins a session inside the caller's transaction and marks the sign-in on the user. */
export async function beginSession(
  context: Context,
  query: Query,
  start: { userId: string; method: string; caller: Caller },
): Promise<{ user: UserRow; session: SessionRow }> {
  const now = context.clock.now();
  const amr: Amr = [{ method: start.method, timestamp: unixSeconds(now) }];
  const { rows } = await query.query<SessionRow>(
    `insert into auth.sessions (id, user_id, amr, refreshed_at, created_at, ip, user_agent)
     values ($1, $2, $3, $4, $4, $5, $6) returning *`,
    [
      randomUUID(),
      start.userId,
      JSON.stringify(amr),
      now,
      start.caller.ip,
      start.caller.userAgent?.slice(0, 300) ?? null,
    ],
  );
  const session = rows[0];
  if (!session) throw new Error("Inserting a session answered no row.");
  await query.query(
    `delete from auth.sessions where id in
       (select id from auth.sessions where user_id = $1 order by created_at desc, id offset $2)`,
    [start.userId, maxSessions],
  );
  const user = await updateUser(query, start.userId, { last_sign_in_at: now, now });
  await record(query, { now, action: "login", userId: user.id, sessionId: session.id, ip: start.caller.ip });
  return { user, session };
}

/** The session object of the wire: a fresh access token and the session's current refresh token. */
export async function sessionObject(
  context: Context,
  { user, session }: { user: UserRow; session: SessionRow },
): Promise<Record<string, unknown>> {
  const { token, expiresAt } = await context.tokens.sign(user, { id: session.id, amr: session.amr });
  return {
    access_token: token,
    token_type: "bearer",
    expires_in: context.config.jwtSeconds,
    expires_at: expiresAt,
    refresh_token: writeRefreshToken(context.keys.secret, {
      sessionId: session.id,
      counter: session.refresh_token_counter,
    }),
    user: userObject(user),
  };
}

/**
 * Trades a refresh token. The session's row is locked, so of many calls at once each sees what the
 * one before has written: the first rotates, the others get what it made.
 * @throws 400 with GoTrue's codes; 409 `conflict` when the row stays locked for 5 s.
 */
export async function refreshSession(
  context: Context,
  token: string,
  caller: Caller,
): Promise<Record<string, unknown>> {
  const proof = readRefreshToken(context.keys.secret, token);
  if (!proof)
    throw new AuthError(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
  const outcome = await inTransaction(context.pool, async (query) => {
    await query.query("set local lock_timeout = '5s'");
    const { rows } = await query.query<SessionRow>("select * from auth.sessions where id = $1 for update", [
      proof.sessionId,
    ]);
    const session = rows[0];
    if (!session) throw new AuthError(400, "session_not_found", "Invalid Refresh Token: Session Not Found");
    const user = await findUserById(query, session.user_id);
    if (!user) throw new AuthError(400, "session_not_found", "Invalid Refresh Token: Session Not Found");
    if (isBanned(user, context.clock.now()))
      throw new AuthError(400, "user_banned", "Invalid Refresh Token: User Banned");
    return { user, session: await turn(context, query, { session, counter: proof.counter, caller }) };
  });
  // Thrown only now, so that the deletion of the session has been committed.
  if (!outcome.session) {
    throw new AuthError(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used");
  }
  return sessionObject(context, { user: outcome.user, session: outcome.session });
}

/** The session to answer with, or undefined when the token was stolen and the session is gone. */
async function turn(
  context: Context,
  query: Query,
  given: { session: SessionRow; counter: number; caller: Caller },
): Promise<SessionRow | undefined> {
  const { session, counter } = given;
  const now = context.clock.now();
  const idleMs = now.getTime() - session.refreshed_at.getTime();
  if (idleMs > inactivityMs) {
    throw new AuthError(400, "session_expired", "Invalid Refresh Token: Session Expired (Inactivity)");
  }
  const behind = session.refresh_token_counter - counter;
  // A counter from the future: the database was restored from before that refresh.
  if (behind < 0)
    throw new AuthError(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
  const entry = { now, userId: session.user_id, sessionId: session.id, ip: given.caller.ip };
  if (behind === 0) {
    const { rows } = await query.query<SessionRow>(
      `update auth.sessions set refresh_token_counter = refresh_token_counter + 1, refreshed_at = $2
       where id = $1 returning *`,
      [session.id, now],
    );
    await record(query, { ...entry, action: "token_refreshed" });
    return rows[0];
  }
  // The direct parent: the client did not save our last answer. Older, but just now: another tab.
  if (behind === 1 || idleMs <= reuseMs) return session;
  await query.query("delete from auth.sessions where id = $1", [session.id]);
  await record(query, { ...entry, action: "token_revoked" });
  return undefined;
}

export type LogoutScope = "global" | "local" | "others";

/** Ends sessions of one user; `current` is the one that asks. Nothing to end is fine. */
export async function endSessions(
  query: Query,
  which: { scope: LogoutScope; userId: string; current: string },
): Promise<void> {
  const condition = {
    global: "user_id = $1 and $2::uuid is not null",
    local: "user_id = $1 and id = $2",
    others: "user_id = $1 and id <> $2",
  } satisfies Record<LogoutScope, string>;
  await query.query(`delete from auth.sessions where ${condition[which.scope]}`, [
    which.userId,
    which.current,
  ]);
}
