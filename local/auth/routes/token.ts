/** POST /token: a password, a refresh token or a PKCE code for a session. */
import { createHash, timingSafeEqual } from "node:crypto";

import type { FastifyInstance } from "fastify";

import { callerOf } from "../bearer.ts";
import { minuteMs } from "../clock.ts";
import type { Context } from "../context.ts";
import { inTransaction } from "../database.ts";
import { canonicalEmail } from "../email.ts";
import { AuthError, invalid } from "../errors.ts";
import { bodyOf, optionalText, queryText, requiredText } from "../input.ts";
import type { Body } from "../input.ts";
import { linkHash } from "../one-time-codes.ts";
import { beginSession, refreshSession, sessionObject } from "../sessions.ts";
import type { Caller } from "../sessions.ts";
import { findUserByEmail, findUserById, isBanned } from "../users.ts";
import type { UserRow } from "../users.ts";

/** GoTrue: external flow_state_expiry_duration. */
export const flowMs = 5 * minuteMs;

type Grant = (context: Context, body: Body, caller: Caller) => Promise<Record<string, unknown>>;

const grants: Record<string, Grant> = {
  password: signInWithPassword,
  pkce: exchangeCode,
  refresh_token: (context, body, caller) =>
    refreshSession(context, requiredText(body, "refresh_token", "refresh_token required"), caller),
};

export function tokenRoute(app: FastifyInstance, context: Context): void {
  app.post("/token", async (request) => {
    const caller = callerOf(request);
    context.limits.take("token", caller.ip);
    const name = queryText(request, "grant_type") ?? "";
    const grant = Object.hasOwn(grants, name) ? grants[name] : undefined;
    if (!grant) throw invalid("unsupported_grant_type");
    return grant(context, bodyOf(request), caller);
  });
}

/** Unknown address, no password and wrong password are one answer and take one time. */
async function signInWithPassword(
  context: Context,
  body: Body,
  caller: Caller,
): Promise<Record<string, unknown>> {
  if (optionalText(body, "phone")) {
    throw new AuthError(400, "phone_provider_disabled", "Phone logins are disabled");
  }
  const email = canonicalEmail(body["email"]);
  const password = requiredText(body, "password", "password is required");
  // Taken before the slow part, so that guesses at the same time are counted as well.
  context.limits.take("password", email);
  const user = await findUserByEmail(context.pool, email);
  const right = await context.passwords.matches(password.slice(0, 1_000), user?.encrypted_password ?? null);
  if (!user || !right) throw new AuthError(400, "invalid_credentials", "Invalid login credentials");
  context.limits.give("password", email);
  checkUsable(context, user);
  if (!user.email_confirmed_at) throw new AuthError(400, "email_not_confirmed", "Email not confirmed");
  const started = await inTransaction(context.pool, (query) =>
    beginSession(context, query, { userId: user.id, method: "password", caller }),
  );
  return sessionObject(context, started);
}

interface FlowRow {
  user_id: string;
  code_challenge: string;
  code_challenge_method: string;
  method: string;
  created_at: Date;
}

/** A code is for one use; a wrong verifier uses it up as well, whoever holds it. */
async function exchangeCode(context: Context, body: Body, caller: Caller): Promise<Record<string, unknown>> {
  const code = optionalText(body, "auth_code");
  const verifier = optionalText(body, "code_verifier");
  if (!code || !verifier)
    throw invalid("invalid request: both auth code and code verifier should be non-empty");
  const { rows } = await context.pool.query<FlowRow>(
    "delete from auth.flow_state where code_hash = $1 returning *",
    [linkHash(code)],
  );
  const flow = rows[0];
  if (!flow)
    throw new AuthError(404, "flow_state_not_found", "invalid flow state, no valid flow state found");
  if (context.clock.now().getTime() - flow.created_at.getTime() > flowMs) {
    throw new AuthError(422, "flow_state_expired", "invalid flow state, flow state has expired");
  }
  if (!answers(flow, verifier)) {
    throw new AuthError(
      400,
      "bad_code_verifier",
      "code challenge does not match previously saved code verifier",
    );
  }
  const started = await inTransaction(context.pool, async (query) => {
    const user = await findUserById(query, flow.user_id, true);
    if (!user)
      throw new AuthError(404, "flow_state_not_found", "invalid flow state, no valid flow state found");
    checkUsable(context, user);
    return beginSession(context, query, { userId: user.id, method: flow.method, caller });
  });
  return sessionObject(context, started);
}

function answers(flow: FlowRow, verifier: string): boolean {
  const given =
    flow.code_challenge_method === "s256"
      ? createHash("sha256").update(verifier).digest("base64url")
      : verifier;
  return timingSafeEqual(linkHash(given), linkHash(flow.code_challenge));
}

function checkUsable(context: Context, user: UserRow): void {
  if (isBanned(user, context.clock.now())) throw new AuthError(400, "user_banned", "User is banned");
}
