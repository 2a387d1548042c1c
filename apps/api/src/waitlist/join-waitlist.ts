import { randomInt, randomUUID } from "node:crypto";
import type { joinWaitlist as joinEndpoint } from "@molt/contract";
import type { Kysely } from "kysely";
import type { z } from "zod";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";
import { forgetMails } from "../mail/forget-mails.ts";
import { linkToken, tokenHash } from "../mail/link-token.ts";
import { queueMail } from "../mail/queue-mail.ts";
import type { MasterKey } from "../secrets.ts";
import { canonicalEmail, domainOf, isLabelled } from "./canonical-email.ts";
import { isLarge, limits, listFull } from "./limits.ts";
import { takeAsk } from "./removals.ts";
import { askAgain, countSince, insertEntry, insertPost, lockWaitlist, type NewEntry } from "./table.ts";

type Input = z.output<typeof joinEndpoint.input>;
type JoinDeps = Pick<Deps, "db" | "clock" | "config">;

/**
 * Puts a mailbox on the list and asks it whether that was wanted. Says nothing about whether it was
 * known: a second sign-up only asks again (at most three times, a minute apart, at the address and in
 * the language given last), one that is confirmed changes nothing, and a mailbox whose owner left is
 * asked once more and then left in peace. The entry and its mail are one commit.
 * @throws {AppError} rate_limited when the list has taken all it takes in a day.
 */
export async function joinWaitlist({ db, clock, config }: JoinDeps, input: Input): Promise<void> {
  // A person never sees the field. Answered like success, so that a script learns nothing.
  if (input.website) return;
  const entry = newEntry(input, { now: clock.now(), masterKey: config.masterKey });
  await db.transaction().execute(async (trx) => {
    await lockWaitlist(trx);
    // First, so that a full list says the same to known and unknown addresses.
    await keepLimits(trx, entry);
    await insertPost(trx, entry);
    if (!(await takeAsk(trx, { ...entry, masterKey: config.masterKey }))) return;
    const again = await askAgain(trx, { ...entry, pauseMs: limits.askPauseMs, max: maxAsks(input.email) });
    if (again?.dropped) await forgetMails(trx, again.dropped, ["confirm-waitlist"]);
    if (again) return ask(trx, input, again);
    if (await insertEntry(trx, entry)) await ask(trx, input, { id: entry.id, asked: 1 });
  });
}

function newEntry(input: Input, { now, masterKey }: { now: Date; masterKey: MasterKey }): NewEntry {
  const id = randomUUID();
  return {
    id,
    email: input.email,
    canonical: canonicalEmail(input.email),
    language: input.language,
    source: input.source ?? null,
    campaign: input.campaign ?? null,
    referralCode: referralCode(),
    referredBy: input.referredBy ?? null,
    tokenHash: tokenHash(linkToken(masterKey, `waitlist:${id}`)),
    now,
  };
}

/** The last mail is kept for the plain address, so that no invented label can use up what it may get. */
function maxAsks(email: string): number {
  return isLabelled(email) ? limits.asks - 1 : limits.asks;
}

async function ask(
  trx: Kysely<Database>,
  { email, language }: Input,
  { id, asked }: { id: string; asked: number },
): Promise<void> {
  await queueMail(trx, {
    key: `confirm-waitlist/${id}/${asked}`,
    recipient: email,
    template: "confirm-waitlist",
    language,
    data: { entryId: id },
  });
}

async function keepLimits(trx: Kysely<Database>, { canonical, now }: NewEntry): Promise<void> {
  const large = isLarge(domainOf(canonical));
  const since = new Date(now.getTime() - limits.dayMs);
  const count = await countSince(trx, { since, canonical, alsoConfirmed: !large });
  const most = large ? limits.perLargeDomain : limits.perDomain;
  if (count.all >= limits.perDay || count.domain >= most) throw listFull();
}

const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

/** 8 characters that are not mistaken for one another: 10^12 codes, and the column is unique. */
function referralCode(): string {
  return Array.from({ length: 8 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}
