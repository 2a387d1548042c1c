/**
 * The six digits and the link of a mail. Both follow from the mail's id under the service's secret:
 * a mail that is sent twice says the same, and no table holds what a mail says, only its hash.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

import { minuteMs } from "./clock.ts";
import type { Query } from "./database.ts";
import type { MailIntent } from "./mail-queue.ts";

export type CodePurpose =
  | "confirmation"
  | "recovery"
  | "magiclink"
  | "email_change_current"
  | "email_change_new"
  | "reauthentication";

const allPurposes: readonly CodePurpose[] = [
  "confirmation",
  "recovery",
  "magiclink",
  "email_change_current",
  "email_change_new",
  "reauthentication",
];

export const codeMinutes = 10;
const maxTries = 5;
/** The largest multiple of a million below 2^32: above it, digits would not be equally likely. */
const fairBelow = 4_294_000_000;

export interface CodeRow {
  id: string;
  user_id: string;
  purpose: CodePurpose;
  address: string;
  code_hash: Buffer;
  code_challenge: string | null;
  code_challenge_method: "s256" | "plain" | null;
  tries: number;
}

export function sixDigits(secret: Buffer, mailId: string): string {
  for (let round = 0; ; round += 1) {
    const bytes = mac(secret, "code", `${mailId} ${round}`);
    for (let at = 0; at <= bytes.length - 4; at += 4) {
      const number = bytes.readUInt32BE(at);
      if (number < fairBelow) return String(number % 1_000_000).padStart(6, "0");
    }
  }
}

/** What GoTrue calls the token hash. `pkce_` tells the service to answer a code, not a session. */
export function linkToken(secret: Buffer, mailId: string, pkce: boolean): string {
  return `${pkce ? "pkce_" : ""}${mac(secret, "link", mailId).toString("base64url")}`;
}

/**
 * Makes the mail's code valid for ten minutes from now and voids the one before it. Repeating it for
 * the same mail only moves the expiry: tries that were used stay used.
 */
export async function issueCode(
  query: Query,
  given: { secret: Buffer; intent: MailIntent; userId: string; purpose: CodePurpose; now: Date },
): Promise<{ code: string; link: string }> {
  const { secret, intent, purpose, now } = given;
  const code = sixDigits(secret, intent.id);
  const link = linkToken(secret, intent.id, intent.code_challenge !== null);
  await query.query(
    `insert into auth.one_time_codes as c (id, user_id, purpose, address, code_hash, link_hash,
       code_challenge, code_challenge_method, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (user_id, purpose) do update set
       id = excluded.id, address = excluded.address, code_hash = excluded.code_hash,
       link_hash = excluded.link_hash, code_challenge = excluded.code_challenge,
       code_challenge_method = excluded.code_challenge_method, expires_at = excluded.expires_at,
       tries = case when c.id = excluded.id then c.tries else 0 end,
       created_at = case when c.id = excluded.id then c.created_at else excluded.created_at end`,
    [
      intent.id,
      given.userId,
      purpose,
      intent.address,
      codeHash(secret, intent.address, code),
      linkHash(link),
      intent.code_challenge,
      intent.code_challenge_method,
      now,
      new Date(now.getTime() + codeMinutes * minuteMs),
    ],
  );
  return { code, link };
}

/**
 * The code's row, taken out, when the digits are right. A wrong try is counted on every code that it
 * could have meant, so the caller's transaction must commit also when this answers undefined.
 * Two calls with the right digits: the second waits for the first and finds the row gone.
 */
export async function takeByCode(
  query: Query,
  given: { secret: Buffer; address: string; code: string; purposes: readonly CodePurpose[]; now: Date },
): Promise<CodeRow | undefined> {
  const { rows } = await query.query<CodeRow>(
    `update auth.one_time_codes set tries = tries + 1
     where address = $1 and purpose = any($2) and tries < $3 and expires_at > $4 returning *`,
    [given.address, given.purposes, maxTries, given.now],
  );
  const wanted = codeHash(given.secret, given.address, given.code);
  const row = rows.find((candidate) => timingSafeEqual(candidate.code_hash, wanted));
  if (row) await forget(query, row.id);
  return row;
}

/** The link's row, taken out, when the link is one of ours, unused and young enough. */
export async function takeByLink(
  query: Query,
  given: { link: string; purposes: readonly CodePurpose[]; now: Date },
): Promise<CodeRow | undefined> {
  const { rows } = await query.query<CodeRow>(
    `delete from auth.one_time_codes where link_hash = $1 and purpose = any($2) and tries < $3
       and expires_at > $4 returning *`,
    [linkHash(given.link), given.purposes, maxTries, given.now],
  );
  const row = rows[0];
  if (row) await forget(query, row.id);
  return row;
}

/** Voids codes of one user that are out, and the mails that would bring new ones. */
export async function voidCodes(
  query: Query,
  user: { id: string; email: string | null },
  purposes: readonly CodePurpose[] = allPurposes,
): Promise<void> {
  await query.query("delete from auth.one_time_codes where user_id = $1 and purpose = any($2)", [
    user.id,
    purposes,
  ]);
  await query.query(
    "delete from auth.mail_intents where (user_id = $1 or address = $2) and purpose = any($3)",
    [user.id, user.email, purposes],
  );
}

/** The mail goes as well: sent again, it would bring a used code back to life. */
async function forget(query: Query, id: string): Promise<void> {
  await query.query("delete from auth.one_time_codes where id = $1", [id]);
  await query.query("delete from auth.mail_intents where id = $1", [id]);
}

function codeHash(secret: Buffer, address: string, code: string): Buffer {
  return mac(secret, "code-hash", `${address} ${code}`);
}

export function linkHash(link: string): Buffer {
  return createHash("sha256").update(link).digest();
}

function mac(secret: Buffer, use: string, text: string): Buffer {
  return createHmac("sha256", secret).update(`${use}\0${text}`).digest();
}
