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
}

export interface Mailer {
  /**
   * Answers when the server has taken the mail.
   * @throws {MailRefused} when this mail will never be taken; any other error may pass.
   */
  send(mail: OutgoingMail, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** The server said no for good (a 5xx about this mail or this recipient). */
export class MailRefused extends Error {
  override name = "MailRefused";
}

/** How long each wait may last; `totalMs` is a whole mail: connect, greet, send, answer. */
const patience = { connectMs: 10_000, silenceMs: 20_000, totalMs: 45_000 };

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
          ...(mail.stopUrl ? { "List-Unsubscribe": `<${mail.stopUrl}>` } : {}),
        },
      });
      try {
        await within(sending, AbortSignal.any([signal, AbortSignal.timeout(waits.totalMs)]));
      } catch (error) {
        if (isRefusal(error)) throw new MailRefused("the mail server refused the mail", { cause: error });
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

/** 5xx about a mailbox or a message is final; about the login it is ours to mend, so it waits. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, responseCode } = error as Error & { code?: string; responseCode?: number };
  return (code === "EENVELOPE" || code === "EMESSAGE") && responseCode !== undefined && responseCode >= 500;
}
