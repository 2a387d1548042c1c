/** POST /otp, /recover, /resend: each asks for a mail, and answers the same whether there is anybody. */
import type { FastifyInstance, FastifyRequest } from "fastify";

import { callerOf } from "../bearer.ts";
import type { Context } from "../context.ts";
import { inTransaction } from "../database.ts";
import type { Query } from "../database.ts";
import { canonicalEmail } from "../email.ts";
import { AuthError, invalid } from "../errors.ts";
import { bodyOf, challengeOf, metadataOf, optionalText, queryText } from "../input.ts";
import type { Body } from "../input.ts";
import { requestMail } from "../mail-queue.ts";
import type { MailRequest } from "../mail-queue.ts";
import { record } from "../audit.ts";
import { findUserByEmail, insertUser } from "../users.ts";

type Empty = Record<string, never>;

export function mailRequestRoutes(app: FastifyInstance, context: Context): void {
  app.post("/otp", async (request): Promise<Empty> => {
    const { ip } = callerOf(request);
    context.limits.take("otp", ip);
    const body = bodyOf(request);
    if (optionalText(body, "phone"))
      throw new AuthError(400, "phone_provider_disabled", "Unsupported phone provider");
    const mail = readMail(context, request, { body, purpose: "magiclink" });
    const create = body["create_user"] ?? true;
    if (typeof create !== "boolean") throw invalid("create_user must be true or false");
    const metadata = metadataOf(body);
    await send(context, async (query) => {
      if (create && !context.switches.disableSignup) await openAccount(context, query, { mail, metadata });
      else await requireAccount(query, mail.address, create ? "signup_disabled" : "otp_disabled");
      return [await requestMail(context, query, mail)];
    });
    return {};
  });

  app.post("/recover", async (request): Promise<Empty> => {
    context.limits.take("recover", callerOf(request).ip);
    const mail = readMail(context, request, { body: bodyOf(request), purpose: "recovery" });
    await send(context, async (query) => [await requestMail(context, query, mail)]);
    return {};
  });

  app.post("/resend", async (request): Promise<Empty> => {
    context.limits.take("resend", callerOf(request).ip);
    const body = bodyOf(request);
    const type = optionalText(body, "type");
    if (type === "sms" || type === "phone_change") {
      throw new AuthError(400, "phone_provider_disabled", "Unsupported phone provider");
    }
    if (type !== "signup" && type !== "email_change") {
      throw invalid("Missing one of these types: signup, email_change, sms, phone_change");
    }
    await send(context, async (query) => {
      if (type === "signup") {
        return [
          await requestMail(context, query, readMail(context, request, { body, purpose: "confirmation" })),
        ];
      }
      return resendChange(context, query, readMail(context, request, { body, purpose: "email_change_new" }));
    });
    return {};
  });
}

/**
 * The address may be the old or the new one. Both sides that have not confirmed yet are asked again;
 * an address without a pending change takes the same slot and leads to no mail.
 */
async function resendChange(context: Context, query: Query, mail: MailRequest): Promise<string[]> {
  const { rows } = await query.query<{ id: string; email: string; email_change: string; status: number }>(
    `select id, email, email_change, email_change_confirm_status as status from auth.users
     where email_change is not null and (email = $1 or email_change = $1) order by email_change_sent_at desc limit 1`,
    [mail.address],
  );
  const change = rows[0];
  if (!change) return [await requestMail(context, query, mail)];
  const base = { ...mail, userId: change.id };
  const sides: MailRequest[] = [];
  if (change.status !== 2) sides.push({ ...base, purpose: "email_change_new", address: change.email_change });
  if (change.status !== 1) sides.push({ ...base, purpose: "email_change_current", address: change.email });
  const ids: string[] = [];
  for (const side of sides) ids.push(await requestMail(context, query, side));
  return ids;
}

function readMail(
  context: Context,
  request: FastifyRequest,
  given: { body: Body; purpose: MailRequest["purpose"] },
): MailRequest {
  return {
    purpose: given.purpose,
    address: canonicalEmail(given.body["email"]),
    redirectTo: context.redirects.resolve(queryText(request, "redirect_to")),
    challenge: challengeOf(given.body),
    ip: callerOf(request).ip,
  };
}

/** @param work answers the ids of the mails it has asked for. */
async function send(context: Context, work: (query: Query) => Promise<string[]>): Promise<void> {
  await context.mail.deliver(await inTransaction(context.pool, work));
}

/** The same two inserts for everybody, or the time would tell; for a known address the first changes nothing. */
async function openAccount(
  context: Context,
  query: Query,
  given: { mail: MailRequest; metadata: Record<string, unknown> },
): Promise<void> {
  const now = context.clock.now();
  const user = await insertUser(query, {
    email: given.mail.address,
    passwordHash: null,
    metadata: given.metadata,
    now,
    confirmed: false,
  });
  const action = user ? "user_signedup" : "user_repeated_signup";
  await record(query, { now, action, userId: user?.id, ip: given.mail.ip });
}

async function requireAccount(
  query: Query,
  email: string,
  code: "signup_disabled" | "otp_disabled",
): Promise<void> {
  if (await findUserByEmail(query, email)) return;
  throw new AuthError(422, code, "Signups not allowed for otp");
}
