import type { Deps } from "../deps.ts";
import { mayBeSent } from "./choose-mails.ts";
import { describeError } from "./describe-error.ts";
import { LONGEST_SEND_MS, type Mailer, MailRefused } from "./smtp.ts";
import {
  claimMail,
  type ClaimedMail,
  expireMails,
  giveBackMail,
  markDead,
  markSent,
  postponeMail,
} from "./table.ts";
import type { Template } from "./template.ts";
import { isTemplate, templates } from "./templates.ts";
import { type WrittenMail, writeMail } from "./write-mail.ts";

/**
 * Just longer than one mail may take, and far below what a sign-in code has: if its sender dies, the next
 * one still sends it in time.
 */
const LEASE_MS = LONGEST_SEND_MS + 15_000;
/** With the back-off below about a day and a half. */
const MAX_ATTEMPTS = 40;
const FIRST_RETRY_MS = 15_000;
const LAST_RETRY_MS = 60 * 60_000;

export interface SendDeps extends Pick<Deps, "db" | "clock" | "log" | "config"> {
  mailer: Mailer;
  /** 0 to 1; spreads retries so that a returning server is not met by all of them at once. */
  random?: () => number;
  /** Only what somebody waits for, or only the rest; both when left out. */
  urgent?: boolean;
}

/**
 * Sends what is due in the outbox, one mail after the other. Safe on two workers: each mail is claimed,
 * for a minute. A crash after the server took it sends it again under the same Message-ID. One mail that
 * fails holds up no other, whether the mail server failed it or the database.
 */
export async function sendMails(deps: SendDeps, signal: AbortSignal): Promise<string> {
  const { db, clock, urgent } = deps;
  const told = { sent: 0, later: 0, dead: await expireMails(db, clock.now()) };
  while (!signal.aborted) {
    const mail = await claimMail(db, { now: clock.now(), leaseMs: LEASE_MS, urgent });
    if (!mail) break;
    if (signal.aborted) await giveBackMail(db, mail.id, clock.now());
    else told[await handle(deps, mail, signal)] += 1;
  }
  const { sent, later, dead } = told;
  return sent + later + dead === 0
    ? ""
    : `sent ${sent} mails, ${later} will be tried again, ${dead} are dead`;
}

type Outcome = "sent" | "later" | "dead";

/** What the database does not let us write down is tried again when the lease is over. */
async function handle(deps: SendDeps, mail: ClaimedMail, signal: AbortSignal): Promise<Outcome> {
  try {
    return await sendOne(deps, mail, signal);
  } catch (error) {
    const { id: mailId, template, attempts, recipient } = mail;
    deps.log.error(
      { mailId, template, attempts, err: describeError(error, recipient) },
      "what became of a mail could not be stored, it will be tried again",
    );
    return "later";
  }
}

async function sendOne(deps: SendDeps, mail: ClaimedMail, signal: AbortSignal): Promise<Outcome> {
  const { mailer, db, clock } = deps;
  try {
    const written = await write(deps, mail);
    if (!written) return "dead";
    await mailer.send({ id: mail.id, to: mail.recipient, date: mail.created_at, ...written }, signal);
  } catch (error) {
    return failed(deps, mail, { error, stopping: signal.aborted });
  }
  await markSent(db, { ...endOf(mail), now: clock.now() });
  return "sent";
}

function endOf({ id, template }: ClaimedMail): { id: string; forget: boolean } {
  const { farewell = false }: Partial<Template> = isTemplate(template) ? templates[template] : {};
  return { id, forget: farewell };
}

/** Undefined when it can or may never be sent; the row says why. */
async function write(deps: SendDeps, mail: ClaimedMail): Promise<WrittenMail | undefined> {
  const { db, log, config, clock } = deps;
  const end = { ...endOf(mail), now: clock.now() };
  if (!(await mayBeSent(db, config.masterKey, mail))) {
    // Nothing failed, so there is nothing to bring back.
    await markDead(db, { ...end, keep: false, note: "the recipient wants no more mails of this kind" });
    return undefined;
  }
  try {
    return writeMail(config, mail);
  } catch (error) {
    await markDead(db, { ...end, keep: true, note: "it could not be written" });
    const err = describeError(error, mail.recipient);
    log.error({ mailId: mail.id, template: mail.template, err }, "a mail could not be written and is dead");
    return undefined;
  }
}

interface Failure {
  error: unknown;
  /** This process ends: the mail is due at once for whoever comes next. */
  stopping: boolean;
}

async function failed(
  deps: SendDeps,
  mail: ClaimedMail,
  { error, stopping }: Failure,
): Promise<"later" | "dead"> {
  const { db, log, clock } = deps;
  const { id: mailId, template, attempts } = mail;
  const now = clock.now();
  const err = describeError(error, mail.recipient);
  const note = err.message.slice(0, 300);
  if (error instanceof MailRefused || (attempts >= MAX_ATTEMPTS && !stopping)) {
    await markDead(db, { ...endOf(mail), now, keep: true, note });
    log.error({ mailId, template, attempts, err }, "a mail is dead");
    return "dead";
  }
  const retryMs = stopping ? 0 : Math.round(backoff(attempts, (deps.random ?? Math.random)()));
  await postponeMail(db, mailId, { until: new Date(now.getTime() + retryMs), note });
  log.warn({ mailId, template, attempts, retryMs, err }, "a mail could not be sent yet");
  return "later";
}

/** @param random 0 to 1 */
function backoff(attempts: number, random: number): number {
  const ms = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 12));
  return ms * (0.8 + 0.4 * random);
}
