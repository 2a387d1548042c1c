/** The SQL of app.waitlist. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";
import { largeDomains } from "./limits.ts";

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

/** Counts a post that was taken, whatever becomes of it. */
export async function insertPost(trx: Executor, { canonical, now }: NewEntry): Promise<void> {
  await sql`insert into app.waitlist_posts (domain, at) values (app.mail_domain(${canonical}), ${now})`.execute(
    trx,
  );
}

/** Posts that no limit looks at any more. */
export async function deletePosts(db: Executor, before: Date): Promise<void> {
  await sql`delete from app.waitlist_posts where at <= ${before}`.execute(db);
}

/**
 * Posts that were taken: of all, and of the domain of this mailbox. Those that somebody confirmed are left
 * out, of the domain not where `alsoConfirmed` is set.
 */
export async function countSince(
  trx: Executor,
  { since, canonical, alsoConfirmed }: { since: Date; canonical: string; alsoConfirmed: boolean },
): Promise<{ all: number; domain: number }> {
  const { rows } = await sql<{ all: number; domain: number }>`
    select (select count(*)::int from app.waitlist_posts where at > ${since})
        - (select count(*)::int from app.waitlist where created_at > ${since} and confirmed_at is not null) as all,
      (select count(*)::int from app.waitlist_posts where domain = app.mail_domain(${canonical}) and at > ${since})
        - (select count(*)::int from app.waitlist where domain = app.mail_domain(${canonical}) and created_at > ${since}
            and confirmed_at is not null and not ${alsoConfirmed}) as domain`.execute(trx);
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
  asked: number;
  /** Another spelling, which was asked before and is not any more. */
  dropped?: string;
}

export interface AskAgain extends Pick<
  NewEntry,
  "id" | "email" | "canonical" | "language" | "tokenHash" | "now"
> {
  pauseMs: number;
  max: number;
}

/**
 * Counts one more mail for an entry that still waits for its second opt-in, and keeps the address and
 * the language that it goes to. Another spelling gets the new id and token: where `+` is no label it is
 * somebody else's, and the link in the older mail must not say yes for it; it still says no.
 * @returns undefined when it may have none.
 */
export async function askAgain(trx: Executor, again: AskAgain): Promise<AskedEntry | undefined> {
  const { rows } = await sql<{ id: string; email: string }>`
    select id, email from app.waitlist
    where canonical = ${again.canonical} and confirmed_at is null and asked < ${again.max}
      and asked_at <= ${new Date(again.now.getTime() - again.pauseMs)}
    for update`.execute(trx);
  const [entry] = rows;
  if (!entry) return undefined;
  const same = entry.email === again.email;
  const asked = await sql<AskedEntry>`
    update app.waitlist set asked = asked + 1, asked_at = ${again.now}, email = ${again.email},
      language = ${again.language}, id = ${same ? entry.id : again.id},
      old_token_hashes = case when ${same} then old_token_hashes else old_token_hashes || token_hash end,
      token_hash = case when ${same} then token_hash else ${again.tokenHash}::bytea end
    where id = ${entry.id}
    returning id, asked`.execute(trx);
  const [row] = asked.rows;
  return row && (same ? row : { ...row, dropped: entry.email });
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

/**
 * Places won for each friend who confirmed, and how many friends count: so nobody buys the first place.
 * Of a domain that one person may own fewer count, because there friends can be invented.
 */
export const referral = { places: 10, counted: 20, countedPerSmallDomain: 2 } as const;

const friends = sql`
  select least(coalesce(sum(case when domain = any(${sql.val(largeDomains)}::text[]) then confirmed
    else least(confirmed, ${sql.lit(referral.countedPerSmallDomain)}) end), 0), ${sql.lit(referral.counted)})
  from (select f.domain, count(*) as confirmed from app.waitlist f
    where f.referred_by = w.referral_code and f.confirmed_at is not null group by f.domain) domains`;

/**
 * Everybody who waits, first come first, moved up by the friends they brought. Somebody with an account
 * waits for nothing and stands in nobody's way.
 * @param self counted nevertheless, so that this one can be told a place.
 */
const ranked = (self: string | null = null) => sql`
  select id, row_number() over (order by base - ${sql.lit(referral.places)} * friends, base)::int as position
  from (
    select w.id, row_number() over (order by w.confirmed_at, w.id) as base, (${friends}) as friends
    from app.waitlist w
    where w.confirmed_at is not null and w.invited_at is null and (w.id = ${self}::uuid or not exists (
      select from app.users u where app.canonical_email(u.email) = w.canonical))) waiting`;

/** 1 for the next to be invited; null for somebody who was invited already. */
export async function positionOf(db: Executor, id: string): Promise<number | null> {
  const { rows } = await sql<{ position: number }>`
    select position from (${ranked(id)}) ranked where id = ${id}`.execute(db);
  return rows[0]?.position ?? null;
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
    from (select id from (${ranked()}) ranked order by position limit ${count}) chosen
    where w.id = chosen.id
    returning w.id, w.email, w.language`.execute(trx);
  return rows;
}

/** A token of an earlier mail is good for what was never confirmed. @returns what was deleted. */
export async function deleteEntry(
  trx: Executor,
  by: { tokenHash: Buffer } | { canonical: string },
): Promise<{ email: string; canonical: string }[]> {
  const which =
    "tokenHash" in by
      ? sql`token_hash = ${by.tokenHash} or (confirmed_at is null and old_token_hashes @> array[${by.tokenHash}::bytea])`
      : sql`canonical = ${by.canonical}`;
  const { rows } = await sql<{ email: string; canonical: string }>`
    delete from app.waitlist where ${which} returning email, canonical`.execute(trx);
  return rows;
}

/**
 * The outer conditions are those of a row as it is when it is deleted: while this waited for it, its
 * owner may have confirmed or been asked again.
 * @param before the last mail left then or earlier. @returns the addresses that were deleted, at most `limit`.
 */
export async function deleteUnconfirmed(db: Executor, before: Date, limit: number): Promise<string[]> {
  const { rows } = await sql<{ email: string }>`
    delete from app.waitlist where confirmed_at is null and asked_at < ${before} and id in (
      select id from app.waitlist where confirmed_at is null and asked_at < ${before} limit ${limit})
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
