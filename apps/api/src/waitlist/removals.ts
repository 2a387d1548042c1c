/**
 * Mailboxes whose owner left the list. A stranger who enters one of them again must not make us write
 * to it without end, so a keyed hash of it is remembered for a while: nobody without the master key can
 * tell which mailbox it is of, or try out whether it is of this one.
 */
import { createHmac } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";
import type { MasterKey } from "../secrets.ts";

type Executor = Kysely<Database>;

const REMEMBERED_MS = 90 * 24 * 60 * 60_000;
const forgottenBefore = (now: Date) => new Date(now.getTime() - REMEMBERED_MS);

function removalHash(masterKey: MasterKey, canonical: string): Buffer {
  return createHmac("sha256", Buffer.from(masterKey, "base64"))
    .update(`waitlist-removal:${canonical}`)
    .digest();
}

interface Mailbox {
  masterKey: MasterKey;
  canonical: string;
  now: Date;
}

/** Whoever leaves a second time has had the one mail and gets no other. */
export async function rememberRemoval(trx: Executor, { masterKey, canonical, now }: Mailbox): Promise<void> {
  await sql`
    insert into app.waitlist_removals as r (hash, removed_at) values (${removalHash(masterKey, canonical)}, ${now})
    on conflict (hash) do update set removed_at = excluded.removed_at,
      asked = r.asked and r.removed_at > ${forgottenBefore(now)}`.execute(trx);
}

/**
 * Whether this mailbox may be asked. One whose owner left may be once, in case it is the owner who
 * wants to come back; saying yes uses that up. Under the lock of the list.
 */
export async function takeAsk(trx: Executor, { masterKey, canonical, now }: Mailbox): Promise<boolean> {
  const hash = removalHash(masterKey, canonical);
  const { rows } = await sql<{ asked: boolean }>`
    select asked from app.waitlist_removals where hash = ${hash} and removed_at > ${forgottenBefore(now)}`.execute(
    trx,
  );
  const [removal] = rows;
  if (!removal) return true;
  if (removal.asked) return false;
  await sql`update app.waitlist_removals set asked = true where hash = ${hash}`.execute(trx);
  return true;
}

/** @returns how many were forgotten, at most `limit`. */
export async function forgetRemovals(db: Executor, now: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from app.waitlist_removals where removed_at <= ${forgottenBefore(now)} and hash in (
      select hash from app.waitlist_removals where removed_at <= ${forgottenBefore(now)} limit ${limit})`.execute(
    db,
  );
  return Number(numAffectedRows ?? 0);
}
