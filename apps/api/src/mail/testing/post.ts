/** A mail server that really listens, an outbox on a clock that we move, and a sender between them. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { sql } from "kysely";
import pino from "pino";
import type { Deps } from "../../deps.ts";
import { freshDatabase } from "../../testing/database.ts";
import { manualClock, testDeps } from "../../testing/deps.ts";
import { startStandIn } from "../../testing/stand-in.ts";
import { queueMail } from "../queue-mail.ts";
import { type SendDeps, sendMails } from "../send-mails.job.ts";
import { openMailer } from "../smtp.ts";

export interface Received {
  to: string[];
  from: string;
  subject: string;
  text: string;
  html: string;
  messageId: string;
  headers: { name: string; value: string }[];
}
export interface Row {
  id: string;
  key: string;
  recipient: string | null;
  state: string;
  attempts: number;
  note: string | null;
  data: unknown;
}

export const HOUR = 60 * 60_000;
/** For servers that misbehave by silence; a good one on a busy machine may need longer. */
export const impatient = { connectMs: 500, silenceMs: 300, totalMs: 1_000 };

export async function post(t: TestContext, waits?: typeof impatient) {
  const { url } = await freshDatabase(t);
  const mailbox = await startStandIn(t, "mail", { DATABASE_URL: url, LOG_LEVEL: "silent" });
  const smtpUrl = String(mailbox.ready["smtpUrl"]);
  const clock = manualClock();
  const { log, lines } = listen();
  const deps = { ...(await testDeps(t, { clock, env: { SMTP_URL: smtpUrl } })), log };
  const mailer = openMailer({ ...deps.config.mail, ...(waits ? { waits } : {}) });
  t.after(() => mailer.close());
  const send = () => sendMails({ ...deps, mailer, random: () => 0.5 }, AbortSignal.timeout(20_000));
  const received = async (): Promise<Received[]> =>
    ((await (await fetch(`${mailbox.url}/api/mails`)).json()) as { mails: Received[] }).mails;
  const misbehave = async (...faults: object[]) => {
    const answer = await fetch(`${mailbox.url}/__control`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ faults }),
    });
    assert.equal(answer.ok, true, await answer.text());
  };
  return { deps, clock, send, received, misbehave, mailbox, lines };
}

/** A log whose lines a test can read. */
export function listen() {
  const lines: string[] = [];
  return { lines, log: pino({ level: "debug" }, { write: (line: string) => void lines.push(line) }) };
}

/** A sender whose mail server is this function. */
export function sendBy(
  deps: Deps,
  send: SendDeps["mailer"]["send"],
  signal: AbortSignal = AbortSignal.timeout(20_000),
): Promise<string> {
  return sendMails({ ...deps, mailer: { send, close: () => undefined }, random: () => 0.5 }, signal);
}

export async function rows({ db }: Pick<Deps, "db">): Promise<Row[]> {
  return (
    await sql<Row>`select id, key, recipient, state, attempts, note, data from app.mails order by key`.execute(
      db,
    )
  ).rows;
}

export const welcomeTo = (deps: Pick<Deps, "db">, recipient: string, key = `welcome/${recipient}`) =>
  queueMail(deps.db, { key, recipient, template: "welcome", data: {} });

export const digestTo = (deps: Pick<Deps, "db">, recipient: string, key: string) =>
  queueMail(deps.db, {
    key,
    recipient,
    template: "weekly-digest",
    data: {
      from: "2026-11-16",
      to: "2026-11-22",
      messages: 3,
      calls: 9,
      unattendedCalls: 2,
      chargePicos: "1200000000000",
    },
  });
