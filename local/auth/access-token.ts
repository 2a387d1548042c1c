/** Signs and checks access tokens: ES256, the claims of GoTrue (supabase/auth, internal/tokens). */
import { errors, jwtVerify, SignJWT } from "jose";
import type { CryptoKey } from "jose";

import { unixSeconds } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { AuthError } from "./errors.ts";
import type { KeyRing } from "./keys.ts";
import type { UserRow } from "./users.ts";

/** How a session began, newest first. */
export type Amr = { method: string; timestamp: number }[];

export interface AccessTokens {
  sign(user: UserRow, session: { id: string; amr: Amr }): Promise<{ token: string; expiresAt: number }>;
  /** @throws 403 `bad_jwt` for anything this service did not sign, or that has expired. */
  verify(token: string): Promise<{ userId: string; sessionId: string }>;
}

interface Options {
  keys: KeyRing;
  clock: Clock;
  lifetimeSeconds: number;
  issuer: () => string;
}

export function createAccessTokens(options: Options): AccessTokens {
  return {
    sign: (user, session) => sign(options, user, session),
    verify: (token) => verify(options, token),
  };
}

async function sign(
  options: Options,
  user: UserRow,
  session: { id: string; amr: Amr },
): Promise<{ token: string; expiresAt: number }> {
  const { kid, key } = options.keys.signing();
  const issuedAt = unixSeconds(options.clock.now());
  const expiresAt = issuedAt + options.lifetimeSeconds;
  const token = await new SignJWT({
    email: user.email ?? "",
    phone: "",
    app_metadata: user.raw_app_meta_data,
    user_metadata: user.raw_user_meta_data,
    role: "authenticated",
    aal: "aal1",
    amr: session.amr,
    session_id: session.id,
    is_anonymous: false,
  })
    .setProtectedHeader({ alg: "ES256", kid, typ: "JWT" })
    .setIssuer(options.issuer())
    .setSubject(user.id)
    .setAudience("authenticated")
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(key);
  return { token, expiresAt };
}

async function verify(options: Options, token: string): Promise<{ userId: string; sessionId: string }> {
  const rules = {
    algorithms: ["ES256"],
    issuer: options.issuer(),
    audience: "authenticated",
    currentDate: options.clock.now(),
    requiredClaims: ["sub", "exp", "session_id"],
  };
  const keyOf = ({ kid }: { kid?: string }): CryptoKey => {
    const key = kid === undefined ? undefined : options.keys.verifying(kid);
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  };
  const { payload } = await jwtVerify(token, keyOf, rules).catch((error: unknown) => {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw badToken(error.code === "ERR_JWT_EXPIRED" ? "token is expired" : "token is malformed or not ours");
  });
  const sessionId = payload["session_id"];
  if (!isUuid(payload.sub) || !isUuid(sessionId)) throw badToken("claims are missing");
  return { userId: payload.sub, sessionId };
}

function badToken(why: string): AuthError {
  return new AuthError(403, "bad_jwt", `invalid JWT: unable to parse or verify signature, ${why}`);
}

export function isUuid(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
}
