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
  /**
   * @param token an access token; it outlives the account by some minutes, so that one is asked for as well.
   * @throws {AppError} not_signed_in, account_ending unless `whileEnding`, or unavailable when the key
   * service cannot be asked.
   */
  user(token: string | undefined, options?: { whileEnding: boolean }): Promise<UserIdentity>;
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
  /** Whether the account is being deleted or is gone; from the accounts feature. */
  accountState(userId: string): Promise<"open" | "ending" | "ended">;
}

/**
 * Verifies with the published keys (ES256 only, issuer and audience fixed, never what the token
 * itself proposes). Never reads `user_metadata`: users write that themselves.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { config, clock, findBot, accountState } = options;
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

  async function identify(token: string): Promise<UserIdentity> {
    const seen = known.get(token);
    if (seen && seen.expiresAt > clock.now()) return seen;
    known.delete(token);
    const identity = await verify(token);
    if (known.size >= CACHE_ENTRIES) known.delete(known.keys().next().value ?? "");
    known.set(token, identity);
    return identity;
  }

  return {
    async user(token, { whileEnding } = { whileEnding: false }) {
      if (!token) throw new AppError("not_signed_in", "Please sign in first.");
      const identity = await identify(token);
      const state = whileEnding ? "open" : await accountState(identity.userId);
      if (state === "ending") throw new AppError("account_ending", "This account is being deleted.");
      if (state === "ended") throw new AppError("not_signed_in", "This account no longer exists.");
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
