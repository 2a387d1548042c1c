/**
 * Sends what mail-queue.ts has left, over SMTP. A row is leased, its code made valid, the mail sent,
 * the row removed. A mail server that is down or full means a later attempt, not a lost mail; a mail
 * that was sent but not recorded is sent again with the same Message-ID and the same code.
 */
import { setTimeout as wait } from "node:timers/promises";

import { createTransport } from "nodemailer";
import type pg from "pg";

import { minuteMs, secondMs } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { inTransaction } from "./database.ts";
import type { Query } from "./database.ts";
import { codeMail, knownAccountMail } from "./mail-text.ts";
import type { Mail } from "./mail-text.ts";
import { issueMail, linkType } from "./mail-issue.ts";
import type { MailIntent } from "./mail-queue.ts";

/** Rows, and so connections, at a time. */
const batch = 4;
const leaseMs = minuteMs;
const stopMs = 3 * secondMs;
const pollMs = 2 * secondMs;
/** With the back-off below about an hour; after that the row stays, marked dead, for a day. */
const maxAttempts = 20;

export interface MailSender {
  /** Something may be due: look now. */
  wake(): void;
  /**
   * Sees to the mails of a request that has committed. Over SMTP they are on their way, and this answers
   * at once; with a hook it answers when the hook has. @throws {AuthError} when the hook failed.
   */
  deliver(mailIds: readonly string[]): Promise<void>;
  /** Waits for the mail in hand, then stops. */
  stop(): Promise<void>;
}

export interface SenderOptions {
  pool: pg.Pool;
  clock: Clock;
  secret: Buffer;
  smtpUrl: string | undefined;
  from: string;
  siteUrl: string;
  verifyUrl: () => string;
  log: { info(fields: object, words: string): void; warn(fields: object, words: string): void };
}

type Transport = { sendMail(mail: object): Promise<unknown>; close(): void };

export function startMailSender(options: SenderOptions): MailSender {
  if (!options.smtpUrl) {
    options.log.warn({}, "SMTP_URL is not set: mails are kept and never sent");
    return { wake: () => undefined, deliver: async () => undefined, stop: async () => undefined };
  }
  const transport: Transport = createTransport({
    url: options.smtpUrl,
    connectionTimeout: 5_000,
    greetingTimeout: 5_000,
    socketTimeout: 10_000,
  });
  let stopped = false;
  let again = false;
  let running: Promise<void> | undefined;

  const wake = (): void => {
    again = true;
    if (stopped || running) return;
    running = (async () => {
      while (again && !stopped) {
        again = false;
        if ((await sendDue(options, transport)) === batch) again = true;
      }
    })()
      // The database is away: the rows wait there, and the timer below looks again.
      .catch((error: unknown) => options.log.warn({ err: error }, "mails could not be read, will look again"))
      .finally(() => {
        running = undefined;
        if (again) wake();
      });
  };
  const timer = setInterval(wake, pollMs);
  wake();
  return {
    wake,
    deliver: async () => wake(),
    async stop() {
      stopped = true;
      clearInterval(timer);
      // A server that does not answer must not keep us: its mail is leased, and goes out later.
      await Promise.race([running, wait(stopMs, undefined, { ref: false })]);
      transport.close();
    },
  };
}

/** Handles up to `batch` rows that are due; answers how many there were. */
async function sendDue(options: SenderOptions, transport: Transport): Promise<number> {
  const now = options.clock.now();
  const { rows } = await options.pool.query<MailIntent>(
    `update auth.mail_intents set next_attempt_at = $2, attempts = attempts + 1, last_error = null
     where id in (select id from auth.mail_intents where next_attempt_at <= $1 and dead_at is null
       order by next_attempt_at limit $3 for update skip locked) returning *`,
    [now, new Date(now.getTime() + leaseMs), batch],
  );
  await Promise.all(rows.map((intent) => sendOne(options, transport, intent)));
  return rows.length;
}

async function sendOne(options: SenderOptions, transport: Transport, intent: MailIntent): Promise<void> {
  try {
    const mail = await inTransaction(options.pool, (query) => compose(options, query, intent));
    if (mail) {
      await transport.sendMail({
        from: options.from,
        to: intent.address,
        messageId: `<${intent.id}@auth.molt-os>`,
        headers: { "X-Molt-Purpose": intent.purpose, "Auto-Submitted": "auto-generated" },
        ...mail,
      });
      options.log.info({ mailId: intent.id, purpose: intent.purpose }, "mail sent");
    }
    await remove(options.pool, intent);
  } catch (error) {
    await postpone(options, intent, error);
  }
}

/** The mail to send, or undefined when there is nobody to write to any more. */
async function compose(options: SenderOptions, query: Query, intent: MailIntent): Promise<Mail | undefined> {
  const issued = await issueMail(options, query, intent);
  if (issued === undefined) return undefined;
  if (issued.kind === "known") return knownAccountMail(options.siteUrl);
  const { code, link } = issued;
  return codeMail({ purpose: intent.purpose, code, link: linkAddress(options.verifyUrl(), intent, link) });
}

function linkAddress(verifyUrl: string, intent: MailIntent, link: string): string | undefined {
  const type = linkType[intent.purpose];
  if (!type) return undefined;
  const query = new URLSearchParams({ token: link, type });
  if (intent.redirect_to) query.set("redirect_to", intent.redirect_to);
  return `${verifyUrl}?${query.toString()}`;
}

async function remove(pool: pg.Pool, intent: MailIntent): Promise<void> {
  await pool.query("delete from auth.mail_intents where id = $1", [intent.id]);
}

/** Later with a growing pause; at once dead when the server refuses this address for good (5xx). */
async function postpone(options: SenderOptions, intent: MailIntent, error: unknown): Promise<void> {
  const now = options.clock.now();
  const refused = smtpStatus(error) >= 500;
  const dead = refused || intent.attempts >= maxAttempts;
  const pauseMs = Math.min(2 ** intent.attempts * secondMs, 5 * minuteMs);
  const message = error instanceof Error ? error.message.slice(0, 300) : "unknown error";
  await options.pool.query(
    "update auth.mail_intents set next_attempt_at = $2, last_error = $3, dead_at = $4 where id = $1",
    [intent.id, new Date(now.getTime() + pauseMs), message, dead ? now : null],
  );
  options.log.warn(
    { mailId: intent.id, purpose: intent.purpose, attempts: intent.attempts, reason: message },
    dead ? "mail given up" : "mail could not be sent, will be tried again",
  );
}

function smtpStatus(error: unknown): number {
  if (typeof error !== "object" || error === null || !("responseCode" in error)) return 0;
  return typeof error.responseCode === "number" ? error.responseCode : 0;
}
