/** The SQL of app.waitlist. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";

type Executor = Kysely<Database>;

export interface NewEntry {
  id: string;
  email: string;
  canonical: string;
  language: string;
  source: string | null;
  campaign: string | null;
  referralCode: string;
  referredBy: string | null;
  tokenHash: Buffer;
  now: Date;
}

/** One at a time: so that counting and inserting see the same list. Ends with the transaction. */
export async function lockWaitlist(trx: Executor): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('app.waitlist'))`.execute(trx);
}

export async function countUnconfirmed(
  trx: Executor,
  { since, domain }: { since: Date; domain: string },
): Promise<{ all: number; domain: number }> {
  const { rows } = await sql<{ all: number; domain: number }>`
    select count(*)::int as all, (count(*) filter (where split_part(canonical, '@', 2) = ${domain}))::int as domain
    from app.waitlist where confirmed_at is null and created_at > ${since}`.execute(trx);
  return rows[0] ?? { all: 0, domain: 0 };
}

/** @returns false when the mailbox is on the list already. */
export async function insertEntry(trx: Executor, entry: NewEntry): Promise<boolean> {
  const { rows } = await sql`
    insert into app.waitlist
      (id, email, canonical, language, source, campaign, referral_code, referred_by, token_hash, created_at, asked_at)
    values (${entry.id}, ${entry.email}, ${entry.canonical}, ${entry.language}, ${entry.source}, ${entry.campaign},
      ${entry.referralCode}, ${entry.referredBy}, ${entry.tokenHash}, ${entry.now}, ${entry.now})
    on conflict (canonical) do nothing
    returning id`.execute(trx);
  return rows.length === 1;
}

export interface AskedEntry {
  id: string;
  email: string;
  language: string;
  asked: number;
}

/** Counts one more mail for an entry that still waits for its second opt-in; undefined when it may have none. */
export async function askAgain(
  trx: Executor,
  { canonical, now, pauseMs, max }: { canonical: string; now: Date; pauseMs: number; max: number },
): Promise<AskedEntry | undefined> {
  const { rows } = await sql<AskedEntry>`
    update app.waitlist set asked = asked + 1, asked_at = ${now}
    where canonical = ${canonical} and confirmed_at is null and asked < ${max}
      and asked_at <= ${new Date(now.getTime() - pauseMs)}
    returning id, email, language, asked`.execute(trx);
  return rows[0];
}

export async function confirmByToken(
  trx: Executor,
  tokenHash: Buffer,
  now: Date,
): Promise<{ id: string; referral_code: string } | undefined> {
  const { rows } = await sql<{ id: string; referral_code: string }>`
    update app.waitlist set confirmed_at = coalesce(confirmed_at, ${now})
    where token_hash = ${tokenHash}
    returning id, referral_code`.execute(trx);
  return rows[0];
}

/** Places won for each friend who confirmed, and how many friends count: so nobody buys the first place. */
export const referral = { places: 10, counted: 20 } as const;

/** Everybody who waits, first come first, moved up by the friends they brought. */
const ranked = sql`
  select id, email, language, row_number() over (order by base - ${sql.lit(referral.places)} * friends, base)::int as position
  from (
    select w.id, w.email, w.language, row_number() over (order by w.confirmed_at, w.id) as base,
      least((select count(*) from app.waitlist f where f.referred_by = w.referral_code and f.confirmed_at is not null),
        ${sql.lit(referral.counted)}) as friends
    from app.waitlist w
    where w.confirmed_at is not null and w.invited_at is null) waiting`;

/** 1 for the next to be invited; also for somebody who was invited already. */
export async function positionOf(db: Executor, id: string): Promise<number> {
  const { rows } = await sql<{ position: number }>`
    select position from (${ranked}) ranked where id = ${id}`.execute(db);
  return rows[0]?.position ?? 1;
}

export interface InvitedEntry {
  id: string;
  email: string;
  language: string;
}

/** Marks the first `count` of the list as invited. Under the lock, so that two operators invite 2n people. */
export async function inviteFirst(trx: Executor, count: number, now: Date): Promise<InvitedEntry[]> {
  const { rows } = await sql<InvitedEntry>`
    update app.waitlist w set invited_at = ${now}
    from (select id from (${ranked}) ranked order by position limit ${count}) chosen
    where w.id = chosen.id
    returning w.id, w.email, w.language`.execute(trx);
  return rows;
}

/** @returns the addresses that were deleted. */
export async function deleteEntry(
  trx: Executor,
  by: { tokenHash: Buffer } | { canonical: string },
): Promise<string[]> {
  const which = "tokenHash" in by ? sql`token_hash = ${by.tokenHash}` : sql`canonical = ${by.canonical}`;
  const { rows } = await sql<{
    email: string;
  }>`delete from app.waitlist where ${which} returning email`.execute(trx);
  return rows.map(({ email }) => email);
}

/** @returns the addresses that were deleted, at most `limit`. */
export async function deleteUnconfirmed(db: Executor, before: Date, limit: number): Promise<string[]> {
  const { rows } = await sql<{ email: string }>`
    delete from app.waitlist where id in (
      select id from app.waitlist where confirmed_at is null and created_at < ${before} limit ${limit})
    returning email`.execute(db);
  return rows.map(({ email }) => email);
}

export interface ExportedEntry {
  id: string;
  email: string;
  language: string;
  source: string | null;
  campaign: string | null;
  referral_code: string;
  referred_by: string | null;
  created_at: Date;
  confirmed_at: Date | null;
  invited_at: Date | null;
}

/** A page of the list in the order of the ids. */
export async function selectPage(
  db: Executor,
  after: string | null,
  limit: number,
): Promise<ExportedEntry[]> {
  const { rows } = await sql<ExportedEntry>`
    select id, email, language, source, campaign, referral_code, referred_by, created_at, confirmed_at, invited_at
    from app.waitlist where ${after}::uuid is null or id > ${after}::uuid
    order by id limit ${limit}`.execute(db);
  return rows;
}
