/** POST and GET /verify: six digits from a form, or the link of a mail. */
import { randomBytes } from "node:crypto";

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { callerOf } from "../bearer.ts";
import type { Context } from "../context.ts";
import { inTransaction } from "../database.ts";
import type { Query } from "../database.ts";
import { canonicalEmail } from "../email.ts";
import { AuthError, codeExpired, invalid, toAuthError } from "../errors.ts";
import { bodyOf, optionalText, queryText, requiredText } from "../input.ts";
import type { Body } from "../input.ts";
import { linkHash, takeByCode, takeByLink } from "../one-time-codes.ts";
import type { CodePurpose, CodeRow } from "../one-time-codes.ts";
import { withResult } from "../redirects.ts";
import { beginSession, sessionObject } from "../sessions.ts";
import type { Caller } from "../sessions.ts";
import { acceptCode } from "../accept-code.ts";

/** Which mails each `type` of the client may mean. */
const purposesOf: Record<string, readonly CodePurpose[]> = {
  signup: ["confirmation"],
  invite: [],
  magiclink: ["magiclink"],
  recovery: ["recovery"],
  email: ["confirmation", "magiclink"],
  email_change: ["email_change_current", "email_change_new"],
};

const halfChanged = "Confirmation link accepted. Please proceed to confirm link sent to the other email";

type Result = { session: Record<string, unknown> } | { code: string } | { message: string };

export function verifyRoutes(app: FastifyInstance, context: Context): void {
  app.post("/verify", async (request) => {
    const caller = callerOf(request);
    context.limits.take("verify", caller.ip);
    const body = bodyOf(request);
    const purposes = readPurposes(optionalText(body, "type"));
    const take = readProof(context, body, purposes);
    const result = await redeem(context, { take, caller, browser: false });
    if ("session" in result) return result.session;
    return { msg: halfChanged, code: "200" };
  });

  app.get("/verify", async (request, reply) => openLink(context, request, reply));
}

async function openLink(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const target = context.redirects.resolve(queryText(request, "redirect_to"));
  const link = queryText(request, "token") ?? "";
  const type = queryText(request, "type");
  const pkce = link.startsWith("pkce_");
  try {
    const caller = callerOf(request);
    context.limits.take("verify", caller.ip);
    if (link === "") throw invalid("Verify requires a token or a token hash");
    const purposes = readPurposes(type);
    const result = await redeem(context, {
      take: (query) => takeByLink(query, { link, purposes, now: context.clock.now() }),
      caller,
      browser: true,
    });
    return reply.redirect(landing(target, result, type ?? ""), 303);
  } catch (error) {
    const known = toAuthError(error);
    if (known.status >= 500) throw error;
    const values = {
      error: known.status === 403 ? "access_denied" : "invalid_request",
      error_code: known.code,
      error_description:
        known.code === "otp_expired" ? "Email link is invalid or has expired" : known.message,
    };
    return reply.redirect(withResult(target, values, { query: pkce, fragment: true }), 303);
  }
}

function landing(target: string, result: Result, type: string): string {
  if ("code" in result) return withResult(target, { code: result.code }, { query: true });
  if ("message" in result) return withResult(target, { message: result.message });
  const { access_token, token_type, expires_in, expires_at, refresh_token } = result.session;
  const values = { access_token, token_type, expires_in, expires_at, refresh_token, type };
  return withResult(
    target,
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])),
  );
}

function readPurposes(type: string | undefined): readonly CodePurpose[] {
  if (!type) throw invalid("Verify requires a verification type");
  const purposes = Object.hasOwn(purposesOf, type) ? purposesOf[type] : undefined;
  if (!purposes) throw invalid("Invalid verification type");
  return purposes;
}

type Take = (query: Query) => Promise<CodeRow | undefined>;

/** Either address and digits, or the link's hash alone. @throws 400 for both, half or neither. */
function readProof(context: Context, body: Body, purposes: readonly CodePurpose[]): Take {
  const { secret } = context.keys;
  const link = optionalText(body, "token_hash", 200);
  const code = optionalText(body, "token", 200);
  if (link !== undefined) {
    if (code !== undefined || body["email"] !== undefined || body["phone"] !== undefined) {
      throw invalid("Only the token_hash and type should be provided");
    }
    return (query) => takeByLink(query, { link, purposes, now: context.clock.now() });
  }
  const digits = requiredText(body, "token", "Verify requires a token or a token hash").replaceAll(/\s/g, "");
  const address = canonicalEmail(body["email"]);
  return async (query) => {
    context.limits.take("code", address);
    const row = await takeByCode(query, {
      secret,
      address,
      code: digits,
      purposes,
      now: context.clock.now(),
    });
    if (row) context.limits.give("code", address);
    return row;
  };
}

/**
 * Takes the code out and does what it stands for. A wrong one commits nothing but the counted try.
 * A browser that began with PKCE gets a code to trade; anybody else the session itself.
 */
async function redeem(
  context: Context,
  given: { take: Take; caller: Caller; browser: boolean },
): Promise<Result> {
  const done = await inTransaction(context.pool, async (query) => {
    const row = await given.take(query);
    if (!row) return undefined;
    const accepted = await acceptCode(context, query, { row, ip: given.caller.ip });
    if (accepted.state === "half") return { message: halfChanged };
    const start = { userId: row.user_id, method: accepted.method, caller: given.caller };
    if (given.browser && row.code_challenge && row.code_challenge_method) {
      return { code: await openFlow(context, query, { row, method: accepted.method }) };
    }
    return { started: await beginSession(context, query, start) };
  });
  if (!done) throw codeExpired();
  if (done.started) return { session: await sessionObject(context, done.started) };
  if (done.code !== undefined) return { code: done.code };
  if (done.message !== undefined) return { message: done.message };
  throw new AuthError(500, "unexpected_failure", "The code led nowhere");
}

async function openFlow(
  context: Context,
  query: Query,
  given: { row: CodeRow; method: string },
): Promise<string> {
  const code = randomBytes(32).toString("base64url");
  await query.query(
    `insert into auth.flow_state (code_hash, user_id, code_challenge, code_challenge_method, method, created_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      linkHash(code),
      given.row.user_id,
      given.row.code_challenge,
      given.row.code_challenge_method,
      given.method,
      context.clock.now(),
    ],
  );
  return code;
}
