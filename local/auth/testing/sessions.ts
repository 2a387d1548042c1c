/** Sessions in the world that a file's tests share: begun, refreshed, counted, and read. */
import assert from "node:assert/strict";

import type { AuthError, Session } from "@supabase/auth-js";

import { world } from "./shared-world.ts";
import { password } from "./world.ts";

export async function begin(): Promise<{ email: string; session: Session; storage: Map<string, string> }> {
  const email = world.address();
  const storage = new Map<string, string>();
  const { data } = await world.client({ storage }).signUp({ email, password });
  assert.ok(data.session);
  return { email, session: data.session, storage };
}

/** Always a new client: one client remembers a failed refresh for a minute. */
export function refresh(
  refresh_token: string,
): Promise<{ data: { session: Session | null }; error: AuthError | null }> {
  return world.client().refreshSession({ refresh_token });
}

export async function next(refresh_token: string): Promise<Session> {
  const { data, error } = await refresh(refresh_token);
  assert.equal(error, null);
  assert.ok(data.session);
  return data.session;
}

export async function sessionsOf(userId: string): Promise<number> {
  const { rows } = await world.db.query("select from auth.sessions where user_id = $1", [userId]);
  return rows.length;
}

export function claimsOf(session: Session): Record<string, unknown> {
  return decode(session.access_token.split(".")[1]);
}

export function headerOf(session: Session): Record<string, unknown> {
  return decode(session.access_token.split(".")[0]);
}

function decode(part: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(part ?? "", "base64url").toString()) as Record<string, unknown>;
}
