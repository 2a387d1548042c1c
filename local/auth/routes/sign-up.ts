/** POST /signup. With confirmation on, a known and an unknown address get the same answer. */
import { randomUUID } from "node:crypto";

import type { FastifyInstance } from "fastify";

import { record } from "../audit.ts";
import { callerOf } from "../bearer.ts";
import type { Context } from "../context.ts";
import { inTransaction } from "../database.ts";
import type { Query } from "../database.ts";
import { canonicalEmail } from "../email.ts";
import { AuthError, invalid } from "../errors.ts";
import { bodyOf, challengeOf, metadataOf, optionalText, queryText, requiredText } from "../input.ts";
import type { Challenge } from "../input.ts";
import { requestMail } from "../mail-queue.ts";
import { checkPassword } from "../passwords.ts";
import { beginSession, sessionObject } from "../sessions.ts";
import type { Caller } from "../sessions.ts";
import { findUserByEmail, insertUser, updateUser, userObject } from "../users.ts";
import type { UserRow } from "../users.ts";

interface SignUp {
  email: string;
  passwordHash: string;
  metadata: Record<string, unknown>;
  challenge: Challenge | undefined;
  redirectTo: string;
  caller: Caller;
  now: Date;
}

export function signUpRoute(app: FastifyInstance, context: Context): void {
  app.post("/signup", async (request) => {
    const caller = callerOf(request);
    context.limits.take("signup", caller.ip);
    const body = bodyOf(request);
    if (context.switches.disableSignup) {
      throw new AuthError(422, "signup_disabled", "Signups not allowed for this instance");
    }
    if (optionalText(body, "phone")) {
      throw new AuthError(400, "phone_provider_disabled", "Phone signups are disabled");
    }
    if (body["email"] === undefined && body["password"] === undefined) {
      throw new AuthError(422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled");
    }
    const email = canonicalEmail(body["email"]);
    const password = requiredText(body, "password", "Signup requires a valid password");
    checkPassword(password);
    const signUp: SignUp = {
      email,
      metadata: metadataOf(body),
      challenge: challengeOf(body),
      redirectTo: context.redirects.resolve(queryText(request, "redirect_to")),
      passwordHash: await context.passwords.hash(password),
      caller,
      now: context.clock.now(),
    };
    return context.switches.autoconfirm ? openAtOnce(context, signUp) : askToConfirm(context, signUp);
  });
}

async function openAtOnce(context: Context, signUp: SignUp): Promise<Record<string, unknown>> {
  const started = await inTransaction(context.pool, async (query) => {
    const user = (await insertUser(query, { ...signUp, confirmed: true })) ?? (await adopt(query, signUp));
    const { id: userId } = user;
    await record(query, { now: signUp.now, action: "user_signedup", userId, ip: signUp.caller.ip });
    return beginSession(context, query, { userId, method: "password", caller: signUp.caller });
  });
  return sessionObject(context, started);
}

/** An address that nobody has ever confirmed belongs to whoever signs up with it now. */
async function adopt(query: Query, signUp: SignUp): Promise<UserRow> {
  const user = await lockByEmail(query, signUp.email);
  if (user.email_confirmed_at) throw new AuthError(422, "user_already_exists", "User already registered");
  return updateUser(query, user.id, {
    encrypted_password: signUp.passwordHash,
    raw_user_meta_data: signUp.metadata,
    email_confirmed_at: signUp.now,
    now: signUp.now,
  });
}

async function askToConfirm(context: Context, signUp: SignUp): Promise<Record<string, unknown>> {
  const mails: string[] = [];
  const shown = await inTransaction(context.pool, async (query) => {
    const { now, caller } = signUp;
    const mail = await requestMail(context, query, {
      purpose: "confirmation",
      address: signUp.email,
      redirectTo: signUp.redirectTo,
      challenge: signUp.challenge,
      ip: caller.ip,
    });
    mails.push(mail);
    const fresh = await insertUser(query, { ...signUp, confirmed: false });
    const user = fresh ?? (await lockByEmail(query, signUp.email));
    const action = fresh ? "user_signedup" : "user_repeated_signup";
    await record(query, { now, action, userId: user.id, ip: caller.ip });
    if (user.email_confirmed_at) return unknownLooking(signUp);
    // The mail that is out now belongs to this sign-up, so its password is the one that counts.
    return updateUser(query, user.id, {
      encrypted_password: signUp.passwordHash,
      raw_user_meta_data: signUp.metadata,
      confirmation_sent_at: now,
      now,
    });
  });
  await context.mail.deliver(mails);
  return userObject(shown);
}

async function lockByEmail(query: Query, email: string): Promise<UserRow> {
  await query.query("select from auth.users where email = $1 for update", [email]);
  const user = await findUserByEmail(query, email);
  if (!user) throw invalid("The account was deleted a moment ago, please try again");
  return user;
}

/**
 * What a new account would look like, for an address that has one. GoTrue empties `identities` and
 * `role` here, which tells a known address from an unknown one; this does not.
 */
function unknownLooking(signUp: SignUp): UserRow {
  return {
    id: randomUUID(),
    email: signUp.email,
    encrypted_password: null,
    email_confirmed_at: null,
    confirmation_sent_at: signUp.now,
    recovery_sent_at: null,
    email_change: null,
    email_change_sent_at: null,
    email_change_confirm_status: 0,
    last_sign_in_at: null,
    banned_until: null,
    raw_app_meta_data: { provider: "email", providers: ["email"] },
    raw_user_meta_data: signUp.metadata,
    created_at: signUp.now,
    updated_at: signUp.now,
  };
}
