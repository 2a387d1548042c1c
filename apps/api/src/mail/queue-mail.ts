import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import { type MasterKey, seal } from "../secrets.ts";
import type { Language } from "./letter.ts";
import { insertMail } from "./table.ts";
import type { Template } from "./template.ts";
import { type DataOf, type TemplateName, templates } from "./templates.ts";

export interface QueuedMail<T extends TemplateName> {
  /** The occasion, e.g. `bot-ready/<bot id>`: one mail for it, whoever asks and however often. */
  key: string;
  recipient: string;
  template: T;
  /** Left out, it is the language its recipient has chosen, and English for somebody unknown. */
  language?: Language;
  /** Checked here, so that a wrong field fails the caller and not, hours later, the sender. */
  data: DataOf<T>;
  /** After this it is worth nothing, and is not sent any more. */
  expiresAt?: Date;
  /** For data that open something: they lie sealed in the outbox until they are sent. */
  sealWith?: MasterKey;
}

/** Part of the envelope of sealed data: it opens for its recipient alone. */
export const sealedFor = (recipient: string): string => `mails:${recipient}:data`;

/**
 * Puts a mail into the outbox. Give it the transaction of what it reports: it goes out with the
 * commit, or not at all. Returns at once; no request waits for a mail server.
 * @returns false when the occasion already has its mail.
 * @throws {z.ZodError} when the data are not what the template takes.
 */
export async function queueMail<T extends TemplateName>(
  trx: Kysely<Database>,
  { key, recipient, template, language, data, expiresAt, sealWith }: QueuedMail<T>,
): Promise<boolean> {
  const { data: shape, urgent = false }: Template = templates[template];
  const checked = shape.parse(data);
  return insertMail(trx, {
    key,
    recipient,
    template,
    language,
    data: sealWith ? { sealed: seal(sealWith, JSON.stringify(checked), sealedFor(recipient)) } : checked,
    urgent,
    expiresAt,
  });
}
