import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import { deleteMailsTo, deletePerson } from "./table.ts";
import type { TemplateName } from "./templates.ts";

/** Deletes the outbox rows of these kinds to a recipient who asks to be forgotten. */
export async function forgetMails(
  trx: Kysely<Database>,
  recipient: string,
  templates: readonly TemplateName[],
): Promise<void> {
  await deleteMailsTo(trx, { recipient, templates });
}

/** Deletes everything the outbox knows of a person: what waits, what was sent, and what they refused. */
export async function forgetPerson(
  trx: Kysely<Database>,
  person: { userId: string; recipient: string | null },
): Promise<void> {
  await deletePerson(trx, person);
}
