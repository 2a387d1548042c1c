/** The SQL of app.mails (the outbox) and app.mail_choices. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";

type Executor = Kysely<Database>;

export interface NewMail {
  key: string;
  recipient: string;
  template: string;
  language: string | undefined;
  data: unknown;
  urgent: boolean;
  expiresAt: Date | undefined;
}

/**
 * Due at once by any clock. @returns false when a mail with this key exists: the occasion is already known, and nothing changes.
 */
export async function insertMail(trx: Executor, mail: NewMail): Promise<boolean> {
  const { rows } = await sql`
    insert into app.mails (key, recipient, template, language, data, urgent, expires_at, next_attempt_at)
    values (${mail.key}, ${mail.recipient}, ${mail.template},
      coalesce(${mail.language ?? null}, (select language from app.users where email = ${mail.recipient} limit 1), 'en'),
      ${JSON.stringify(mail.data)}::jsonb, ${mail.urgent}, ${mail.expiresAt ?? null}, to_timestamp(0))
    on conflict (key) do nothing
    returning id`.execute(trx);
  return rows.length === 1;
}

export async function selectKeys(db: Executor, keys: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    select key from app.mails where key = any(${sql.val([...keys])}::text[])`.execute(db);
  return rows.map(({ key }) => key);
}

export interface ClaimedMail {
  id: string;
  recipient: string;
  template: string;
  language: string;
  data: unknown;
  attempts: number;
  created_at: Date;
  urgent: boolean;
}

/**
 * Takes due mails for `leaseMs`: they come back by themselves if this process dies. The attempt is
 * counted when it begins, so a mail that kills its sender does not do so for ever.
 */
export async function claimMails(
  db: Executor,
  { now, leaseMs, limit, urgent }: { now: Date; leaseMs: number; limit: number; urgent: boolean | undefined },
): Promise<ClaimedMail[]> {
  const { rows } = await sql<ClaimedMail>`
    update app.mails set attempts = attempts + 1, next_attempt_at = ${new Date(now.getTime() + leaseMs)}
    where id in (
      select id from app.mails
      where state = 'pending' and next_attempt_at <= ${now} and urgent = coalesce(${urgent ?? null}, urgent)
        and (expires_at is null or expires_at > ${now})
      order by urgent desc, next_attempt_at, id
      limit ${limit}
      for update skip locked)
    returning id, recipient, template, language, data, attempts, created_at, urgent`.execute(db);
  // What an update returns is in no order.
  return rows.toSorted((a, b) => Number(b.urgent) - Number(a.urgent));
}

/** How a mail leaves the outbox. `forget`: its recipient is dropped with its data. */
interface End {
  id: string;
  forget: boolean;
}

/** The data have done their work and are dropped; key and time stay, so that once means once. */
export async function markSent(db: Executor, { id, forget, now }: End & { now: Date }): Promise<void> {
  await sql`
    update app.mails set state = 'sent', sent_at = ${now}, note = null, data = '{}',
      recipient = case when ${forget} then '' else recipient end
    where id = ${id} and state = 'pending'`.execute(db);
}

export async function markDead(db: Executor, { id, forget, note }: End & { note: string }): Promise<void> {
  await sql`
    update app.mails set state = 'dead', note = ${note}, data = '{}',
      recipient = case when ${forget} then '' else recipient end
    where id = ${id} and state = 'pending'`.execute(db);
}

/** What was waited for and did not come in time is worth nothing any more. @returns how many. */
export async function expireMails(db: Executor, now: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    update app.mails set state = 'dead', data = '{}', note = 'its time was over before it could be sent'
    where state = 'pending' and expires_at <= ${now}`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

export async function postponeMail(db: Executor, id: string, { until, note }: { until: Date; note: string }) {
  await sql`
    update app.mails set next_attempt_at = ${until}, note = ${note}
    where id = ${id} and state = 'pending'`.execute(db);
}

/** For whoever asks to be forgotten: waiting and sent ones alike. */
export async function deleteMailsTo(
  db: Executor,
  { recipient, templates }: { recipient: string; templates: readonly string[] },
): Promise<void> {
  await sql`
    delete from app.mails
    where recipient = ${recipient} and template = any(${sql.val([...templates])}::text[])`.execute(db);
}

/** All there is about a recipient, for the end of an account. */
export async function deleteRecipient(db: Executor, recipient: string): Promise<void> {
  await sql`delete from app.mails where recipient = ${recipient}`.execute(db);
  await sql`delete from app.mail_choices where recipient = ${recipient}`.execute(db);
}

/** Notes that this recipient may refuse these mails. @returns false when they already have. */
export async function offerChoice(
  trx: Executor,
  choice: { recipient: string; template: string; tokenHash: Buffer },
): Promise<boolean> {
  const { rows } = await sql<{ stopped_at: Date | null }>`
    insert into app.mail_choices (recipient, template, token_hash)
    values (${choice.recipient}, ${choice.template}, ${choice.tokenHash})
    on conflict (recipient, template) do update set template = excluded.template
    returning stopped_at`.execute(trx);
  return rows[0]?.stopped_at === null;
}

export async function stopByToken(db: Executor, tokenHash: Buffer, now: Date): Promise<void> {
  await sql`
    update app.mail_choices set stopped_at = coalesce(stopped_at, ${now})
    where token_hash = ${tokenHash}`.execute(db);
}
