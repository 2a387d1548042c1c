/** SMTP, and the only file that speaks it. Any server will do: Resend, Supabase's, the stand-in's. */
import { createTransport } from "nodemailer";

export interface OutgoingMail {
  /** The outbox row. Becomes the Message-ID, so that a mail sent twice after a crash is shown once. */
  id: string;
  to: string;
  subject: string;
  html: string;
  text: string;
  date: Date;
  stopUrl: string | undefined;
  oneClickUrl: string | undefined;
}

export interface Mailer {
  /**
   * Answers when the server has taken the mail.
   * @throws {MailRefused} when this recipient will never be taken; any other error may pass.
   */
  send(mail: OutgoingMail, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** The server said no to the recipient, for good. */
export class MailRefused extends Error {
  override name = "MailRefused";
}

/** How long each wait may last; `totalMs` is a whole mail: connect, greet, send, answer. */
const patience = { connectMs: 10_000, silenceMs: 20_000, totalMs: 45_000 };

/** The longest that one mail holds up its sender. */
export const LONGEST_SEND_MS = patience.totalMs;

export interface MailerOptions {
  smtpUrl: string;
  from: string;
  /** Shorter waits, for tests of a silent server. */
  waits?: typeof patience;
}

/** TLS is required unless the server is this very machine. */
export function openMailer({ smtpUrl, from, waits = patience }: MailerOptions): Mailer {
  const url = new URL(smtpUrl);
  const secure = url.protocol === "smtps:";
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    requireTLS: !secure && !local,
    ignoreTLS: local && !secure,
    pool: true,
    maxConnections: 2,
    connectionTimeout: waits.connectMs,
    greetingTimeout: waits.connectMs,
    socketTimeout: waits.silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(url.username
      ? { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }
      : {}),
  });
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? "localhost";
  return {
    async send(mail, signal) {
      const sending = transport.sendMail({
        from,
        to: { name: "", address: mail.to },
        subject: mail.subject,
        html: mail.html,
        text: mail.text,
        date: mail.date,
        messageId: `<${mail.id}@${domain}>`,
        headers: {
          "Auto-Submitted": "auto-generated",
          "X-Auto-Response-Suppress": "All",
          ...stopHeaders(mail),
        },
      });
      try {
        await within(sending, AbortSignal.any([signal, AbortSignal.timeout(waits.totalMs)]));
      } catch (error) {
        if (isRefusal(error))
          throw new MailRefused("the mail server refused the recipient", { cause: error });
        throw error;
      }
    },
    close: () => transport.close(),
  };
}

/** nodemailer cannot be aborted: the wait ends here, and the socket's own time-out ends the rest. */
function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** RFC 8058 where it is offered: then no other web address may stand beside it. */
function stopHeaders({ stopUrl, oneClickUrl }: OutgoingMail): Record<string, string> {
  if (oneClickUrl)
    return {
      "List-Unsubscribe": `<${oneClickUrl}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    };
  return stopUrl ? { "List-Unsubscribe": `<${stopUrl}>` } : {};
}

/** No such mailbox, not here but there, no such name. */
const REFUSING = [550, 551, 553];
/** Many servers say only at RCPT TO what they have against the sender (5.1.7, 5.1.8) or our login (5.7). */
const ABOUT_US = /^5\.(?:1\.[78]|7\.\d+)$/;

/**
 * Final is what the server says of the recipient. Anything else (sender, login, domain, quota, content) may
 * be ours to mend, so it waits, whatever its code.
 */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { command, responseCode, response } = error as Error & SmtpAnswer;
  if (command !== "RCPT TO" || responseCode === undefined || responseCode < 500) return false;
  const status = /^\d{3}[ -](5\.\d{1,3}\.\d{1,3})\b/.exec(response ?? "")?.[1] ?? "";
  if (ABOUT_US.test(status)) return false;
  return REFUSING.includes(responseCode) || status.startsWith("5.1.");
}

/** What nodemailer adds to an error. */
interface SmtpAnswer {
  command?: string;
  responseCode?: number;
  response?: string;
}
