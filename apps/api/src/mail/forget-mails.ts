import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import { deleteMailsTo, deleteRecipient } from "./table.ts";
import type { TemplateName } from "./templates.ts";

/** Deletes the outbox rows of these kinds to a recipient who asks to be forgotten. */
export async function forgetMails(
  trx: Kysely<Database>,
  recipient: string,
  templates: readonly TemplateName[],
): Promise<void> {
  await deleteMailsTo(trx, { recipient, templates });
}

/** Deletes everything the outbox knows of a recipient: what waits, what was sent, and what they refused. */
export async function forgetRecipient(trx: Kysely<Database>, recipient: string): Promise<void> {
  await deleteRecipient(trx, recipient);
}
