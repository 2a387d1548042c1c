/** GET and PUT /user, GET /reauthenticate, POST /logout: what a signed-in caller does to himself. */
import type { FastifyInstance } from "fastify";

import { emailExists, finishAddressChange } from "../accept-code.ts";
import { record } from "../audit.ts";
import { callerOf, signedIn } from "../bearer.ts";
import type { SignedIn } from "../bearer.ts";
import { dayMs } from "../clock.ts";
import type { Context } from "../context.ts";
import { inTransaction } from "../database.ts";
import type { Query } from "../database.ts";
import { canonicalEmail } from "../email.ts";
import { AuthError, invalid } from "../errors.ts";
import { bodyOf, challengeOf, metadataOf, optionalText, queryText } from "../input.ts";
import type { Challenge } from "../input.ts";
import { requestMail } from "../mail-queue.ts";
import { takeByCode, voidCodes } from "../one-time-codes.ts";
import { checkPassword } from "../passwords.ts";
import { endSessions } from "../sessions.ts";
import type { LogoutScope } from "../sessions.ts";
import { findUserByEmail, findUserById, updateUser, userObject } from "../users.ts";
import type { UserRow } from "../users.ts";

interface UserChange {
  email: string | undefined;
  password: string | undefined;
  passwordHash: string | undefined;
  nonce: string | undefined;
  data: Record<string, unknown> | undefined;
  challenge: Challenge | undefined;
  redirectTo: string;
  ip: string;
  /** The mails it has asked for, by their ids. */
  mails: string[];
}

export function userRoutes(app: FastifyInstance, context: Context): void {
  app.get("/user", async (request) => userObject((await signedIn(context, request)).user));

  app.put("/user", async (request) => {
    const { ip } = callerOf(request);
    context.limits.take("user", ip);
    const who = await signedIn(context, request);
    const body = bodyOf(request);
    if (body["app_metadata"] !== undefined) {
      throw new AuthError(403, "not_admin", "Updating app_metadata requires admin privileges");
    }
    if (optionalText(body, "phone"))
      throw new AuthError(400, "phone_provider_disabled", "Phone is not supported");
    const password = optionalText(body, "password", 1_000);
    if (password !== undefined) {
      await checkNewPassword(context, who, { password, current: optionalText(body, "current_password") });
    }
    return applyChange(context, who, {
      email: body["email"] ? canonicalEmail(body["email"]) : undefined,
      password,
      passwordHash: password === undefined ? undefined : await context.passwords.hash(password),
      nonce: optionalText(body, "nonce", 20),
      data: body["data"] === undefined ? undefined : metadataOf(body),
      challenge: challengeOf(body),
      redirectTo: context.redirects.resolve(queryText(request, "redirect_to")),
      ip,
      mails: [],
    });
  });
}

export function sessionRoutes(app: FastifyInstance, context: Context): void {
  app.get("/reauthenticate", async (request) => {
    const { user } = await signedIn(context, request);
    const { ip } = callerOf(request);
    const mail = await inTransaction(context.pool, (query) =>
      requestMail(context, query, {
        purpose: "reauthentication",
        address: user.email ?? "",
        userId: user.id,
        ip,
      }),
    );
    await context.mail.deliver([mail]);
    return {};
  });

  app.post("/logout", async (request, reply) => {
    const scope = readScope(queryText(request, "scope"));
    const { user, session } = await signedIn(context, request);
    await inTransaction(context.pool, async (query) => {
      await endSessions(query, { scope, userId: user.id, current: session.id });
      const entry = { userId: user.id, sessionId: session.id, ip: callerOf(request).ip };
      await record(query, { now: context.clock.now(), action: "logout", ...entry });
    });
    return reply.status(204).send();
  });
}

function readScope(scope: string | undefined): LogoutScope {
  if (scope === undefined || scope === "global") return "global";
  if (scope === "local" || scope === "others") return scope;
  throw invalid(`Unsupported logout scope "${scope}"`);
}

/** @throws 422 `weak_password`, `same_password`; 400 `current_password_invalid`. */
async function checkNewPassword(
  context: Context,
  who: SignedIn,
  given: { password: string; current: string | undefined },
): Promise<void> {
  checkPassword(given.password);
  const stored = who.user.encrypted_password;
  if (given.current !== undefined && stored !== null) {
    const account = who.user.email ?? "";
    context.limits.take("password", account);
    if (!(await context.passwords.matches(given.current, stored))) {
      throw new AuthError(400, "current_password_invalid", "Current password does not match");
    }
    context.limits.give("password", account);
  }
  if (stored !== null && (await context.passwords.matches(given.password, stored))) {
    throw new AuthError(422, "same_password", "New password should be different from the old password.");
  }
}

async function applyChange(
  context: Context,
  who: SignedIn,
  change: UserChange,
): Promise<Record<string, unknown>> {
  const changed = await inTransaction(context.pool, async (query) => {
    const now = context.clock.now();
    if (!(await nonceIsFine(context, query, { who, change, now }))) return undefined;
    let user = await findUserById(query, who.user.id, true);
    if (!user) throw new AuthError(403, "user_not_found", "User from sub claim in JWT does not exist");
    if (change.passwordHash !== undefined) user = await changePassword(query, { user, who, change, now });
    if (change.data !== undefined) {
      const merged = merge(user.raw_user_meta_data, change.data);
      user = await updateUser(query, user.id, { raw_user_meta_data: merged, now });
    }
    if (change.email !== undefined && change.email !== user.email) {
      user = await changeEmail(context, query, { user, email: change.email, change, now });
    }
    await record(query, { now, action: "user_modified", userId: user.id, ip: change.ip });
    return user;
  });
  if (!changed) throw new AuthError(422, "reauthentication_not_valid", "Nonce has expired or is invalid");
  await context.mail.deliver(change.mails);
  return userObject(changed);
}

/** False for a wrong nonce, whose try must be committed. @throws when one is needed and absent. */
async function nonceIsFine(
  context: Context,
  query: Query,
  given: { who: SignedIn; change: UserChange; now: Date },
): Promise<boolean> {
  const { who, change, now } = given;
  if (change.password === undefined) return true;
  if (change.nonce === undefined) {
    const started = (who.session.amr[0]?.timestamp ?? 0) * 1_000;
    if (!context.config.securePasswordChange || now.getTime() - started < dayMs) return true;
    throw new AuthError(422, "reauthentication_needed", "Password update requires reauthentication");
  }
  const row = await takeByCode(query, {
    secret: context.keys.secret,
    address: who.user.email ?? "",
    code: change.nonce,
    purposes: ["reauthentication"],
    now,
  });
  return row?.user_id === who.user.id;
}

/** Whoever else is signed in, or holds a code, is out. */
async function changePassword(
  query: Query,
  given: { user: UserRow; who: SignedIn; change: UserChange; now: Date },
): Promise<UserRow> {
  const { user, who, now } = given;
  await voidCodes(query, user);
  await endSessions(query, { scope: "others", userId: user.id, current: who.session.id });
  await record(query, { now, action: "user_updated_password", userId: user.id, ip: given.change.ip });
  return updateUser(query, user.id, {
    encrypted_password: given.change.passwordHash ?? null,
    email_change: null,
    email_change_confirm_status: 0,
    now,
  });
}

/** Asks both addresses; with auto-confirm the change is made at once. @throws 422 `email_exists`. */
async function changeEmail(
  context: Context,
  query: Query,
  given: { user: UserRow; email: string; change: UserChange; now: Date },
): Promise<UserRow> {
  const { user, email, change, now } = given;
  if (await findUserByEmail(query, email)) throw emailExists();
  await voidCodes(query, user, ["email_change_current", "email_change_new"]);
  const pending = await updateUser(query, user.id, {
    email_change: email,
    email_change_sent_at: now,
    email_change_confirm_status: 0,
    now,
  });
  if (context.switches.autoconfirm) return finishAddressChange(query, pending, now);
  const mail = { userId: user.id, redirectTo: change.redirectTo, challenge: change.challenge, ip: change.ip };
  const current = user.email ?? "";
  change.mails.push(
    await requestMail(context, query, { ...mail, purpose: "email_change_new", address: email }),
    await requestMail(context, query, { ...mail, purpose: "email_change_current", address: current }),
  );
  return pending;
}

/** GoTrue merges the first level; null removes. */
function merge(before: Record<string, unknown>, data: Record<string, unknown>): Record<string, unknown> {
  const merged = Object.entries({ ...before, ...data }).filter(([, value]) => value !== null);
  const object = Object.fromEntries(merged);
  if (Buffer.byteLength(JSON.stringify(object)) > 8_192)
    throw invalid("user_metadata is too large, over 8192 bytes");
  return object;
}
