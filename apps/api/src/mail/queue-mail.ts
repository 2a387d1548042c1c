import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import type { Language } from "./letter.ts";
import { insertMail } from "./table.ts";
import { type DataOf, type TemplateName, templates } from "./templates.ts";

export interface QueuedMail<T extends TemplateName> {
  /** The occasion, e.g. `bot-ready/<bot id>`: one mail for it, whoever asks and however often. */
  key: string;
  recipient: string;
  template: T;
  language?: Language;
  /** Checked here, so that a wrong field fails the caller and not, hours later, the sender. */
  data: DataOf<T>;
}

/**
 * Puts a mail into the outbox. Give it the transaction of what it reports: it goes out with the
 * commit, or not at all. Returns at once; no request waits for a mail server.
 * @returns false when the occasion already has its mail.
 * @throws {z.ZodError} when the data are not what the template takes.
 */
export async function queueMail<T extends TemplateName>(
  trx: Kysely<Database>,
  { key, recipient, template, language = "en", data }: QueuedMail<T>,
): Promise<boolean> {
  const checked = templates[template].data.parse(data);
  return insertMail(trx, { key, recipient, template, language, data: checked });
}
