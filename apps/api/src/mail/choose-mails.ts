/** Mails one may refuse: asking before such a mail is sent, and the refusal itself. */
import type { Kysely } from "kysely";
import type { MasterKey } from "../secrets.ts";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";
import { linkToken, tokenHash } from "./link-token.ts";
import { offerChoice, stopByToken } from "./table.ts";
import { isTemplate, templates } from "./templates.ts";
import type { Template } from "./template.ts";

/** True unless the mail is optional and its recipient has refused that kind. */
export async function mayBeSent(
  db: Kysely<Database>,
  masterKey: MasterKey,
  { recipient, template }: { recipient: string; template: string },
): Promise<boolean> {
  if (!isTemplate(template)) return true; // writeMail says what is wrong with it
  const { optional = false }: Template = templates[template];
  if (!optional) return true;
  const token = linkToken(masterKey, `stop:${template}:${recipient}`);
  return offerChoice(db, { recipient, template, tokenHash: tokenHash(token) });
}

/** Idempotent, and silent about whether the token was known. */
export async function unsubscribe({ db, clock }: Pick<Deps, "db" | "clock">, token: string): Promise<void> {
  await stopByToken(db, tokenHash(token), clock.now());
}
