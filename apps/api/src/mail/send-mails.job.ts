import type { Deps } from "../deps.ts";
import { mayBeSent } from "./choose-mails.ts";
import { type Mailer, MailRefused } from "./smtp.ts";
import { claimMails, type ClaimedMail, expireMails, markDead, markSent, postponeMail } from "./table.ts";
import type { Template } from "./template.ts";
import { isTemplate, templates } from "./templates.ts";
import { type WrittenMail, writeMail } from "./write-mail.ts";

const BATCH = 10;
/** Longer than a whole batch may take, at 45 s a mail (smtp.ts). */
const LEASE_MS = 10 * 60_000;
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
 * Sends what is due in the outbox. Safe on two workers: a mail is claimed for a while. A crash after
 * the server took it sends it again under the same Message-ID. One mail that fails holds up no other.
 */
export async function sendMails(deps: SendDeps, signal: AbortSignal): Promise<string> {
  const told = { sent: 0, later: 0, dead: await expireMails(deps.db, deps.clock.now()) };
  while (!signal.aborted) {
    const now = deps.clock.now();
    const mails = await claimMails(deps.db, { now, leaseMs: LEASE_MS, limit: BATCH, urgent: deps.urgent });
    for (const mail of mails) {
      if (signal.aborted) await giveBack(deps, mail);
      else told[await sendOne(deps, mail, signal)] += 1;
    }
    if (mails.length < BATCH) break;
  }
  const { sent, later, dead } = told;
  return sent + later + dead === 0
    ? ""
    : `sent ${sent} mails, ${later} will be tried again, ${dead} are dead`;
}

type Outcome = "sent" | "later" | "dead";

async function sendOne(deps: SendDeps, mail: ClaimedMail, signal: AbortSignal): Promise<Outcome> {
  const written = await write(deps, mail);
  if (!written) return "dead";
  try {
    await deps.mailer.send({ id: mail.id, to: mail.recipient, date: mail.created_at, ...written }, signal);
  } catch (err) {
    return failed(deps, mail, err);
  }
  await markSent(deps.db, { ...endOf(mail), now: deps.clock.now() });
  return "sent";
}

function endOf({ id, template }: ClaimedMail): { id: string; forget: boolean } {
  const { farewell = false }: Partial<Template> = isTemplate(template) ? templates[template] : {};
  return { id, forget: farewell };
}

/** Undefined when it can or may never be sent; the row says why. */
async function write({ db, log, config }: SendDeps, mail: ClaimedMail): Promise<WrittenMail | undefined> {
  if (!(await mayBeSent(db, config.masterKey, mail))) {
    await markDead(db, { ...endOf(mail), note: "the recipient wants no more mails of this kind" });
    return undefined;
  }
  try {
    return writeMail(config, mail);
  } catch (err) {
    await markDead(db, { ...endOf(mail), note: "it could not be written" });
    log.error({ mailId: mail.id, template: mail.template, err }, "a mail could not be written and is dead");
    return undefined;
  }
}

async function failed(deps: SendDeps, mail: ClaimedMail, err: unknown): Promise<"later" | "dead"> {
  const { db, log, clock } = deps;
  const { id: mailId, template, attempts } = mail;
  const note = (err instanceof Error ? err.message : String(err)).slice(0, 300);
  if (err instanceof MailRefused || attempts >= MAX_ATTEMPTS) {
    await markDead(db, { ...endOf(mail), note });
    log.error({ mailId, template, attempts, err }, "a mail is dead");
    return "dead";
  }
  const backoff = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 12));
  const jittered = backoff * (0.8 + 0.4 * (deps.random ?? Math.random)());
  await postponeMail(db, mailId, { until: new Date(clock.now().getTime() + jittered), note });
  log.warn(
    { mailId, template, attempts, retryMs: Math.round(jittered), err },
    "a mail could not be sent yet",
  );
  return "later";
}

/** The process stops: the mail is due at once for whoever comes next. */
async function giveBack({ db, clock }: SendDeps, mail: ClaimedMail): Promise<void> {
  await postponeMail(db, mail.id, { until: clock.now(), note: "the sender stopped" });
}
