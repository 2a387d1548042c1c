import { z } from "zod";
import type { Config } from "../config.ts";
import { type MasterKey, open } from "../secrets.ts";
import { linkToken, oneClickToken } from "./link-token.ts";
import { type Language, renderLetter, type RenderedMail } from "./letter.ts";
import { sealedFor } from "./queue-mail.ts";
import type { Template } from "./template.ts";
import { isTemplate, templates } from "./templates.ts";

export interface MailRow {
  template: string;
  language: string;
  recipient: string;
  data: unknown;
}

export interface WrittenMail extends RenderedMail {
  /** The page where one says no to further mails of this kind. */
  stopUrl: string | undefined;
  /** Where a mail program says it by itself (RFC 8058); for mails that one may refuse. */
  oneClickUrl: string | undefined;
}

/**
 * The mail that an outbox row stands for. The same row always gives the same mail.
 * @throws {Error} when the row names no template or its data are not what the template takes:
 * such a row can never be sent.
 */
export function writeMail(
  { urls, masterKey }: Pick<Config, "urls"> & { masterKey: MasterKey },
  row: MailRow,
): WrittenMail {
  if (!isTemplate(row.template)) throw new Error(`there is no mail template "${row.template}"`);
  // One template of many: its data are checked by its own schema on the next line.
  const { data, write, optional = false } = templates[row.template] as Template;
  const language: Language = row.language === "de" ? "de" : "en";
  const letter = write(data.parse(unsealed(masterKey, row)), {
    language,
    urls,
    recipient: row.recipient,
    token: (what) => linkToken(masterKey, what),
  });
  const oneClickUrl = optional
    ? `${urls.api}/mail/unsubscribe/one-click?token=${oneClickToken(masterKey, row)}`
    : undefined;
  return { ...renderLetter(letter, language, urls.landing), stopUrl: letter.stop?.url, oneClickUrl };
}

const envelope = z.strictObject({ sealed: z.string() });

function unsealed(masterKey: MasterKey, { data, recipient }: MailRow): unknown {
  const sealed = envelope.safeParse(data);
  return sealed.success ? JSON.parse(open(masterKey, sealed.data.sealed, sealedFor(recipient))) : data;
}
