/** From the bytes of a mail to what the page shows. Bad mails are shown as far as they can be read. */
import { simpleParser } from "mailparser";

export interface ParsedMail {
  from: string;
  subject: string;
  text: string;
  html: string | null;
  /** A one-time code: digits that stand alone on a line, or begin the subject. */
  code: string | null;
  messageId: string | null;
  headers: { name: string; value: string }[];
  attachments: { name: string; type: string; bytes: number }[];
}

export async function readMail(raw: Buffer): Promise<ParsedMail> {
  const mail = await simpleParser(raw, { skipImageLinks: true });
  const text = clean(mail.text ?? "");
  const subject = clean(mail.subject ?? "");
  return {
    from: clean(mail.from?.value.map(sender).join(", ") ?? ""),
    subject,
    text,
    html: mail.html ? clean(mail.html) : null,
    code: findCode(subject, text),
    messageId: mail.messageId ? clean(mail.messageId) : null,
    headers: mail.headerLines.slice(0, 200).map(({ key, line }) => ({
      name: clean(key),
      value: clean(line.slice(line.indexOf(":") + 1))
        .replaceAll(/\r?\n\s*/g, " ")
        .trim(),
    })),
    attachments: mail.attachments.slice(0, 50).map((file) => ({
      name: clean(file.filename ?? "unnamed"),
      type: clean(file.contentType),
      bytes: file.size,
    })),
  };
}

function sender({ name, address }: { name: string; address?: string | undefined }): string {
  return name ? `${name} <${address ?? ""}>` : (address ?? "");
}

function findCode(subject: string, text: string): string | null {
  return /^(\d{6})\b/.exec(subject)?.[1] ?? /^[ \t]*(\d{6})[ \t]*$/m.exec(text)?.[1] ?? null;
}

/** Postgres stores neither NUL nor half of a surrogate pair. */
function clean(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed();
}
