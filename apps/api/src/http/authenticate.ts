/** Who is calling: a user by Supabase's JWT, a bot by its model key. */
import { createRemoteJWKSet, errors as joseErrors, jwtVerify } from "jose";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";

export interface UserIdentity {
  userId: string;
  email: string;
  /** The access token ends here; sockets are closed then. */
  expiresAt: Date;
}

export interface Authenticator {
  /** @throws {AppError} not_signed_in, or unavailable when the key service cannot be asked. */
  user(token: string | undefined): Promise<UserIdentity>;
  /** @throws {AppError} not_signed_in */
  bot(key: string | undefined): Promise<{ botId: string }>;
}

const claims = z.object({
  sub: z.uuid(),
  email: z.string().default(""),
  exp: z.number(),
  role: z.literal("authenticated"),
});

/** Verified tokens kept until they expire; a repeated request costs a look-up instead of 140 µs. */
const CACHE_ENTRIES = 5_000;

/** The bearer token of an Authorization header. */
export function bearerToken(header: string | undefined): string | undefined {
  return header?.match(/^Bearer ([\w.~+/-]+=*)$/i)?.[1];
}

export interface AuthenticatorOptions {
  config: Config;
  clock: Clock;
  /** Finds a bot by its model key; from the models feature. */
  findBot(key: string): Promise<{ botId: string } | undefined>;
}

/**
 * Verifies with the published keys (ES256 only, issuer and audience fixed, never what the token
 * itself proposes). Never reads `user_metadata`: users write that themselves.
 */
export function createAuthenticator({ config, clock, findBot }: AuthenticatorOptions): Authenticator {
  const keys = createRemoteJWKSet(new URL(`${config.auth.url}/.well-known/jwks.json`), {
    timeoutDuration: 5_000,
    cacheMaxAge: 10 * 60_000,
    cooldownDuration: 2_000,
  });
  const known = new Map<string, UserIdentity>();

  async function verify(token: string): Promise<UserIdentity> {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: config.auth.issuer,
        audience: "authenticated",
        algorithms: ["ES256"],
        requiredClaims: ["exp", "sub"],
        currentDate: clock.now(),
      });
      const { sub, email, exp } = claims.parse(payload);
      return { userId: sub, email, expiresAt: new Date(exp * 1000) };
    } catch (cause) {
      if (isUnavailable(cause))
        throw new AppError("unavailable", "Sign-in cannot be checked right now. Please try again.", {
          cause,
        });
      throw new AppError("not_signed_in", "Please sign in again.", { cause });
    }
  }

  return {
    async user(token) {
      if (!token) throw new AppError("not_signed_in", "Please sign in first.");
      const seen = known.get(token);
      if (seen && seen.expiresAt > clock.now()) return seen;
      known.delete(token);
      const identity = await verify(token);
      if (known.size >= CACHE_ENTRIES) known.delete(known.keys().next().value ?? "");
      known.set(token, identity);
      return identity;
    },
    async bot(key) {
      const bot = key ? await findBot(key) : undefined;
      if (!bot) throw new AppError("not_signed_in", "This key is not known.");
      return bot;
    },
  };
}

/** Keys could not be fetched: our neighbour's fault, not the caller's, so never a 401. */
function isUnavailable(error: unknown): boolean {
  if (error instanceof joseErrors.JWKSTimeout) return true;
  if (error instanceof joseErrors.JOSEError) return error.code === "ERR_JOSE_GENERIC";
  return !(error instanceof z.ZodError);
}
