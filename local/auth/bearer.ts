/** Who is calling: the access token, its session and its user, each with GoTrue's own error. */
import type { FastifyRequest } from "fastify";

import type { Context } from "./context.ts";
import { AuthError } from "./errors.ts";
import { callerAddress } from "./input.ts";
import type { Caller, SessionRow } from "./sessions.ts";
import { findUserById, isBanned } from "./users.ts";
import type { UserRow } from "./users.ts";

export interface SignedIn {
  user: UserRow;
  session: SessionRow;
}

/** @throws 401 `no_authorization`; 403 `bad_jwt`, `user_not_found`, `session_not_found`, `user_banned`. */
export async function signedIn(context: Context, request: FastifyRequest): Promise<SignedIn> {
  const header = request.headers.authorization ?? "";
  const token = /^bearer (\S+)$/i.exec(header)?.[1];
  if (!token) throw new AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token");
  const claims = await context.tokens.verify(token);
  const user = await findUserById(context.pool, claims.userId);
  if (!user) throw new AuthError(403, "user_not_found", "User from sub claim in JWT does not exist");
  const { rows } = await context.pool.query<SessionRow>(
    "select * from auth.sessions where id = $1 and user_id = $2",
    [claims.sessionId, user.id],
  );
  const session = rows[0];
  if (!session) {
    throw new AuthError(403, "session_not_found", "Session from session_id claim in JWT does not exist");
  }
  if (isBanned(user, context.clock.now())) throw new AuthError(403, "user_banned", "User is banned");
  return { user, session };
}

export function callerOf(request: FastifyRequest): Caller {
  return { ip: callerAddress(request), userAgent: request.headers["user-agent"] };
}
