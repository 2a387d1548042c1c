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
    insert into app.mails (key, recipient, user_id, template, language, data, urgent, expires_at, next_attempt_at)
    values (${mail.key}, ${mail.recipient},
      (select id from app.users where email = ${mail.recipient} and email not like '%@invalid'
        order by created_at desc limit 1), ${mail.template},
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
  /** Whose address that is; null for somebody without an account. */
  userId: string | null;
  template: string;
  language: string;
  data: unknown;
  attempts: number;
  created_at: Date;
}

/**
 * Takes the first due mail for `leaseMs`, what somebody waits for before all else: it comes back by
 * itself if this process dies. The attempt is counted when it begins, so a mail that kills its sender
 * does not do so for ever.
 */
export async function claimMail(
  db: Executor,
  { now, leaseMs, urgent }: { now: Date; leaseMs: number; urgent: boolean | undefined },
): Promise<ClaimedMail | undefined> {
  const { rows } = await sql<ClaimedMail>`
    update app.mails set attempts = attempts + 1, next_attempt_at = ${new Date(now.getTime() + leaseMs)}
    where id = (
      select id from app.mails
      where state = 'pending' and next_attempt_at <= ${now} and urgent = coalesce(${urgent ?? null}, urgent)
        and (expires_at is null or expires_at > ${now})
      order by urgent desc, next_attempt_at, id
      limit 1
      for update skip locked)
    returning id, recipient, user_id as "userId", template, language, data, attempts, created_at`.execute(db);
  return rows[0];
}

/** How a mail leaves the outbox. `forget`: its recipient is dropped with its data. */
interface End {
  id: string;
  forget: boolean;
  now: Date;
}

/** The data have done their work and are dropped; key and time stay, so that once means once. */
export async function markSent(db: Executor, { id, forget, now }: End): Promise<void> {
  await sql`
    update app.mails set state = 'sent', sent_at = ${now}, note = null, data = null,
      recipient = case when ${forget} then null else recipient end
    where id = ${id} and state = 'pending'`.execute(db);
}

/**
 * The data stay, so that the mail can be brought back, unless `keep` is false. What expires holds a
 * secret, and leaves none behind.
 */
export async function markDead(
  db: Executor,
  { id, forget, now, keep, note }: End & { keep: boolean; note: string },
): Promise<void> {
  await sql`
    update app.mails set state = 'dead', died_at = ${now}, note = ${note},
      data = case when ${keep && !forget} and expires_at is null then data end,
      recipient = case when ${forget} then null else recipient end
    where id = ${id} and state = 'pending'`.execute(db);
}

/** What was waited for and did not come in time is worth nothing any more. @returns how many. */
export async function expireMails(db: Executor, now: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    update app.mails set state = 'dead', died_at = ${now}, data = null,
      note = 'its time was over before it could be sent'
    where state = 'pending' and expires_at <= ${now}`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

export async function postponeMail(db: Executor, id: string, { until, note }: { until: Date; note: string }) {
  await sql`
    update app.mails set next_attempt_at = ${until}, note = ${note}
    where id = ${id} and state = 'pending'`.execute(db);
}

/** Was claimed, but nobody tried to send it: as if it had not been. */
export async function giveBackMail(db: Executor, id: string, now: Date): Promise<void> {
  await sql`
    update app.mails set next_attempt_at = ${now}, attempts = attempts - 1
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

/** All there is about a person, at this address and at earlier ones. */
export async function deletePerson(
  db: Executor,
  { userId, recipient }: { userId: string; recipient: string | null },
): Promise<void> {
  await sql`delete from app.mails where user_id = ${userId} or recipient = ${recipient}`.execute(db);
  await sql`delete from app.mail_choices where user_id = ${userId} or recipient = ${recipient}`.execute(db);
}

/**
 * What lies at the old address is this person's, and what is not sent yet goes to the new one. What
 * expires stays: a code was asked for at its own address, and is sealed for it.
 */
export async function moveMails(
  trx: Executor,
  { userId, from, to }: { userId: string; from: string; to: string },
): Promise<void> {
  for (const table of ["app.mails", "app.mail_choices"])
    await sql`
      update ${sql.table(table)} set user_id = ${userId}
      where recipient = ${from} and user_id is null`.execute(trx);
  await sql`
    update app.mails set recipient = ${to}
    where user_id = ${userId} and recipient = ${from} and state <> 'sent' and expires_at is null`.execute(
    trx,
  );
}

/** Notes that this recipient may refuse these mails. @returns false when they have, here or at another address of theirs. */
export async function offerChoice(
  trx: Executor,
  choice: {
    recipient: string;
    userId: string | null;
    template: string;
    tokenHash: Buffer;
    oneClickHash: Buffer;
  },
): Promise<boolean> {
  const { rows } = await sql<{ stopped: boolean }>`
    with offered as (
      insert into app.mail_choices (recipient, user_id, template, token_hash, one_click_hash)
      values (${choice.recipient}, ${choice.userId}, ${choice.template}, ${choice.tokenHash}, ${choice.oneClickHash})
      on conflict (recipient, template) do update set
        user_id = coalesce(excluded.user_id, mail_choices.user_id), one_click_hash = excluded.one_click_hash
      returning stopped_at)
    select stopped_at is not null or exists (
      select from app.mail_choices
      where user_id = ${choice.userId} and template = ${choice.template} and stopped_at is not null) as stopped
    from offered`.execute(trx);
  return rows[0]?.stopped === false;
}

/** Either token: the one behind the link in the mail, and the one in its header. */
export async function stopByToken(db: Executor, tokenHash: Buffer, now: Date): Promise<void> {
  await sql`
    update app.mail_choices set stopped_at = coalesce(stopped_at, ${now})
    where token_hash = ${tokenHash} or one_click_hash = ${tokenHash}`.execute(db);
}

/** What is over may run out under two workers at once; each takes other rows. */
const over = (before: Date) => sql`
  state <> 'pending' and recipient is not null and coalesce(sent_at, died_at, created_at) < ${before}`;

/** Nobody is named any more, and nothing is said; the key stays. @returns rows of this bite. */
export async function blankMails(
  db: Executor,
  { before, limit }: { before: Date; limit: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    update app.mails set recipient = null, data = null where id in (
      select id from app.mails where ${over(before)}
      order by coalesce(sent_at, died_at, created_at) limit ${limit} for update skip locked)`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/** @returns rows of this bite. */
export async function deleteOver(
  db: Executor,
  { templates, before, limit }: { templates: readonly string[]; before: Date; limit: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from app.mails where id in (
      select id from app.mails where ${over(before)} and template = any(${sql.val([...templates])}::text[])
      order by coalesce(sent_at, died_at, created_at) limit ${limit} for update skip locked)`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

export interface DeadMail {
  id: string;
  template: string;
  recipient: string | null;
  diedAt: Date | null;
  note: string | null;
  /** False when its data are dropped: then nothing brings it back. */
  whole: boolean;
}

const whole = sql`data is not null and recipient is not null`;

/** Those that can be brought back first, then the newest. */
export async function selectDead(db: Executor, limit: number): Promise<{ mails: DeadMail[]; count: number }> {
  const { rows } = await sql<DeadMail & { count: number }>`
    select id, template, recipient, died_at as "diedAt", note, ${whole} as whole, (count(*) over ())::int as count
    from app.mails where state = 'dead'
    order by whole desc, died_at desc nulls last, id limit ${limit}`.execute(db);
  const mails = rows.map(({ id, template, recipient, diedAt, note, whole: isWhole }) => ({
    id,
    template,
    recipient,
    diedAt,
    note,
    whole: isWhole,
  }));
  return { mails, count: rows[0]?.count ?? 0 };
}

/** Due at once by any clock, and tried as often as a new one. @returns the ids of this bite, in their order. */
export async function reviveMails(
  db: Executor,
  { id, after, limit }: { id: string | null; after: string | null; limit: number },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update app.mails set state = 'pending', attempts = 0, next_attempt_at = to_timestamp(0), died_at = null, note = null
    where id in (
      select id from app.mails
      where state = 'dead' and ${whole} and id = coalesce(${id}::uuid, id)
        and (${after}::uuid is null or id > ${after}::uuid)
      order by id limit ${limit} for update)
    returning id`.execute(db);
  return rows.map((row) => row.id).toSorted();
}
