/** Mails one may refuse: asking before such a mail is sent, and the refusal itself. */
import type { Kysely } from "kysely";
import type { MasterKey } from "../secrets.ts";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";
import { linkToken, oneClickToken, tokenHash } from "./link-token.ts";
import { offerChoice, stopByToken } from "./table.ts";
import { isTemplate, templates } from "./templates.ts";
import type { Template } from "./template.ts";

/** True unless the mail is optional and its recipient has refused that kind, at this address or an earlier one. */
export async function mayBeSent(
  db: Kysely<Database>,
  masterKey: MasterKey,
  mail: { recipient: string; userId: string | null; template: string },
): Promise<boolean> {
  const { recipient, userId, template } = mail;
  if (!isTemplate(template)) return true; // writeMail says what is wrong with it
  const { optional = false }: Template = templates[template];
  if (!optional) return true;
  const token = linkToken(masterKey, `stop:${template}:${recipient}`);
  const oneClickHash = tokenHash(oneClickToken(masterKey, mail));
  return offerChoice(db, { recipient, userId, template, tokenHash: tokenHash(token), oneClickHash });
}

/** Idempotent, and silent about whether the token was known. */
export async function unsubscribe({ db, clock }: Pick<Deps, "db" | "clock">, token: string): Promise<void> {
  await stopByToken(db, tokenHash(token), clock.now());
}
