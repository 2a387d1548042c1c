/**
 * What is to be mailed, as rows. The request only leaves a row, the same for known and unknown
 * addresses, and never waits for a mail server; mail-sender.ts does the rest.
 */
import { randomUUID } from "node:crypto";

import { record } from "./audit.ts";
import { secondMs } from "./clock.ts";
import type { Context } from "./context.ts";
import type { Query } from "./database.ts";
import { AuthError } from "./errors.ts";
import type { Challenge } from "./input.ts";
import type { CodePurpose } from "./one-time-codes.ts";

/** GoTrue: smtp_max_frequency. */
const mailGapMs = 60 * secondMs;

export interface MailIntent {
  id: string;
  purpose: CodePurpose;
  address: string;
  user_id: string | null;
  redirect_to: string | null;
  code_challenge: string | null;
  code_challenge_method: "s256" | "plain" | null;
  attempts: number;
}

export interface MailRequest {
  purpose: CodePurpose;
  address: string;
  /** Set where the address alone does not say whose it is: a change of address, a nonce. */
  userId?: string;
  redirectTo?: string;
  challenge?: Challenge | undefined;
  ip: string;
}

/**
 * Leaves the row inside the caller's transaction; give its id to `context.mail.deliver()` after its commit.
 * @throws 429 `over_email_send_rate_limit` within 60 s of the last mail of that purpose, or when the
 * address has had its mails of the hour.
 */
export async function requestMail(context: Context, query: Query, mail: MailRequest): Promise<string> {
  const now = context.clock.now();
  const id = randomUUID();
  await claimSlot(query, mail, now);
  context.limits.take("mail", mail.address);
  // Not sent yet and asked for again: one mail, with the newer code.
  await query.query("delete from auth.mail_intents where address = $1 and purpose = $2", [
    mail.address,
    mail.purpose,
  ]);
  await query.query(
    `insert into auth.mail_intents (id, purpose, address, user_id, redirect_to, code_challenge,
       code_challenge_method, created_at, next_attempt_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
    [
      id,
      mail.purpose,
      mail.address,
      mail.userId ?? null,
      mail.redirectTo ?? null,
      mail.challenge?.challenge ?? null,
      mail.challenge?.method ?? null,
      now,
    ],
  );
  await record(query, { now, action: "mail_requested", userId: mail.userId, ip: mail.ip });
  return id;
}

/** One statement decides, so that of two requests at once one is told to wait. */
async function claimSlot(query: Query, mail: MailRequest, now: Date): Promise<void> {
  const { rowCount } = await query.query(
    `insert into auth.mail_limits as l (address, purpose, sent_at) values ($1, $2, $3)
     on conflict (address, purpose) do update set sent_at = excluded.sent_at where l.sent_at <= $4`,
    [mail.address, mail.purpose, now, new Date(now.getTime() - mailGapMs)],
  );
  if (rowCount === 1) return;
  const { rows } = await query.query<{ sent_at: Date }>(
    "select sent_at from auth.mail_limits where address = $1 and purpose = $2",
    [mail.address, mail.purpose],
  );
  const waitMs = (rows[0]?.sent_at.getTime() ?? now.getTime()) + mailGapMs - now.getTime();
  const seconds = Math.max(1, Math.ceil(waitMs / secondMs));
  throw new AuthError(
    429,
    "over_email_send_rate_limit",
    `For security purposes, you can only request this after ${seconds} seconds.`,
  );
}
