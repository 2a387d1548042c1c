/**
 * The "send email" hook: instead of sending a mail, its code and link go to an address of the product,
 * signed (Standard Webhooks). As in GoTrue the caller waits for it and hears when it fails, and then
 * nothing was asked for: no code is valid, and the next try need not wait.
 */
import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";

import type pg from "pg";

import { type Clock, unixSeconds } from "./clock.ts";
import { inTransaction } from "./database.ts";
import { AuthError } from "./errors.ts";
import { type Issued, issueMail, linkType } from "./mail-issue.ts";
import type { MailIntent } from "./mail-queue.ts";
import type { MailSender } from "./mail-sender.ts";
import { userObject } from "./users.ts";

/** GoTrue's own numbers (internal/hooks/hookshttp). */
const attempts = 3;
const pauseMs = 2_000;

export interface Hook {
  uri: string;
  /** `v1,whsec_<base64>`; every one of them signs. */
  secrets: string[];
  timeoutMs: number;
}

export interface HookOptions {
  pool: pg.Pool;
  clock: Clock;
  secret: Buffer;
  siteUrl: string;
  hook: Hook;
  log: { warn(fields: object, words: string): void };
}

export function hookSender(options: HookOptions): MailSender {
  return {
    // What a killed process has left behind, nobody waits for any more.
    wake: () => void forgetLeftovers(options),
    stop: async () => undefined,
    async deliver(ids) {
      const intents = await readIntents(options, ids);
      try {
        const issued = await inTransaction(options.pool, async (query) => {
          const all: Issued[] = [];
          for (const intent of intents) {
            const mail = await issueMail(options, query, intent);
            // GoTrue has no mail for somebody who signs up twice.
            if (mail?.kind === "code") all.push(mail);
          }
          return all;
        });
        const [first] = issued;
        if (first) await callHook(options, first, JSON.stringify(payload(options, first, issued)));
        await options.pool.query("delete from auth.mail_intents where id = any($1)", [ids]);
      } catch (error) {
        await takeBack(options, intents);
        throw error;
      }
    },
  };
}

async function readIntents({ pool }: HookOptions, ids: readonly string[]): Promise<MailIntent[]> {
  const { rows } = await pool.query<MailIntent>(
    "select * from auth.mail_intents where id = any($1) order by created_at, id",
    [ids],
  );
  return rows;
}

/** As if it had never been asked for. */
async function takeBack({ pool }: HookOptions, intents: readonly MailIntent[]): Promise<void> {
  const ids = intents.map(({ id }) => id);
  await inTransaction(pool, async (query) => {
    await query.query("delete from auth.one_time_codes where id = any($1)", [ids]);
    await query.query("delete from auth.mail_intents where id = any($1)", [ids]);
    for (const { address, purpose } of intents)
      await query.query("delete from auth.mail_limits where address = $1 and purpose = $2", [
        address,
        purpose,
      ]);
  });
}

async function forgetLeftovers({ pool, clock, log }: HookOptions): Promise<void> {
  const before = new Date(clock.now().getTime() - 60_000);
  await pool
    .query("delete from auth.mail_intents where created_at < $1", [before])
    .catch((error: unknown) => log.warn({ err: error }, "old requests for mails could not be removed"));
}

/** Both sides of a change of address are one call; which name is whose is GoTrue's (internal/api/mail.go). */
function payload(options: HookOptions, first: Issued, issued: readonly Issued[]): object {
  const current = issued.find(({ intent }) => intent.purpose === "email_change_current");
  const next = issued.find(({ intent }) => intent.purpose === "email_change_new");
  const isChange = current !== undefined || next !== undefined;
  return {
    user: userObject(first.user),
    email_data: {
      email_action_type: linkType[first.intent.purpose] ?? first.intent.purpose,
      redirect_to: first.intent.redirect_to ?? options.siteUrl,
      site_url: options.siteUrl,
      token: isChange ? (current?.code ?? "") : first.code,
      token_hash: isChange ? (next?.link ?? "") : first.link,
      token_new: next?.code ?? "",
      token_hash_new: current?.link ?? "",
    },
  };
}

async function callHook(options: HookOptions, { intent }: Issued, body: string): Promise<void> {
  const { hook, log } = options;
  // Of all attempts together.
  const signal = AbortSignal.timeout(hook.timeoutMs);
  const late = new AuthError(
    422,
    "hook_timeout",
    `Failed to reach hook within maximum time of ${(hook.timeoutMs / 1000).toFixed(6)} seconds`,
  );
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const response = await post(options, body, signal).catch((error: unknown) => {
      if (signal.aborted) throw late;
      log.warn({ purpose: intent.purpose, attempt, err: error }, "the mail hook cannot be reached");
      return undefined;
    });
    if (response && !isWorthRetrying(response)) return accept(response);
    if (attempt < attempts)
      await wait(pauseMs, undefined, { signal }).catch(() => {
        throw late;
      });
  }
  throw new AuthError(422, "hook_timeout_after_retry", "Failed to reach hook after maximum retries");
}

/** Under an id of its own each time, as GoTrue does it. */
async function post({ hook, clock }: HookOptions, body: string, signal: AbortSignal): Promise<Response> {
  const id = randomUUID();
  const timestamp = String(unixSeconds(clock.now()));
  const signatures = hook.secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^v1,whsec_/, ""), "base64");
    return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  });
  return fetch(hook.uri, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": signatures.join(", "),
    },
    body,
    redirect: "error",
    signal,
  });
}

function isWorthRetrying({ status, headers }: Response): boolean {
  return (status === 429 || status === 503) && headers.has("retry-after");
}

/** @throws what GoTrue makes of the hook's answer. */
async function accept(response: Response): Promise<void> {
  const text = await response.text().catch(() => "");
  switch (response.status) {
    case 200:
    case 202:
    case 204:
      return refuseIfSaid(text);
    case 400:
      throw new AuthError(500, "unexpected_failure", "Invalid payload sent to hook");
    case 401:
      throw new AuthError(500, "unexpected_failure", "Hook requires authorization token");
    case 429:
    case 503:
      throw new AuthError(500, "unexpected_failure", "Service currently unavailable due to hook");
    default:
      throw new AuthError(
        500,
        "unexpected_failure",
        `Unexpected status code returned from hook: ${response.status}`,
      );
  }
}

/** A hook may refuse with 200 and say so. */
function refuseIfSaid(text: string): void {
  if (text.trim() === "") return;
  let said: { error?: { http_code?: unknown; message?: unknown } };
  try {
    said = JSON.parse(text) as typeof said; // every field is looked at below
  } catch {
    throw new AuthError(500, "unexpected_failure", "Error unmarshaling hook output");
  }
  if (typeof said?.error?.message !== "string" || said.error.message === "") return;
  const status = Number.isInteger(said.error.http_code) ? Number(said.error.http_code) : 500;
  throw new AuthError(
    status >= 400 && status <= 599 ? status : 500,
    "unexpected_failure",
    said.error.message,
  );
}
