import { randomInt, randomUUID } from "node:crypto";
import type { joinWaitlist as joinEndpoint } from "@molt/contract";
import type { Kysely } from "kysely";
import type { z } from "zod";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";
import { linkToken, tokenHash } from "../mail/link-token.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { canonicalEmail, domainOf } from "./canonical-email.ts";
import { domainLimit, limits, tooMany } from "./limits.ts";
import { askAgain, countUnconfirmed, insertEntry, lockWaitlist } from "./table.ts";

type Input = z.output<typeof joinEndpoint.input>;
type JoinDeps = Pick<Deps, "db" | "clock" | "config">;

const DAY_MS = 24 * 60 * 60_000;

/**
 * Puts a mailbox on the list and asks it whether that was wanted. Says nothing about whether it was
 * known: a second sign-up only asks again (at most three times, a minute apart), and one that is
 * confirmed changes nothing. The entry and its mail are one commit.
 * @throws {AppError} rate_limited when the list has taken all it takes in a day.
 */
export async function joinWaitlist({ db, clock, config }: JoinDeps, input: Input): Promise<void> {
  // A person never sees the field. Answered like success, so that a script learns nothing.
  if (input.website) return;
  const now = clock.now();
  const canonical = canonicalEmail(input.email);
  await db.transaction().execute(async (trx) => {
    await lockWaitlist(trx);
    // First, so that a full list says the same to known and unknown addresses.
    await keepLimits(trx, canonical, now);
    const again = await askAgain(trx, { canonical, now, pauseMs: limits.askPauseMs, max: limits.asks });
    if (again) return ask(trx, { ...again, language: input.language });
    const id = randomUUID();
    const added = await insertEntry(trx, {
      id,
      email: input.email,
      canonical,
      language: input.language,
      source: input.source ?? null,
      campaign: input.campaign ?? null,
      referralCode: referralCode(),
      referredBy: input.referredBy ?? null,
      tokenHash: tokenHash(linkToken(config.masterKey, `waitlist:${id}`)),
      now,
    });
    if (added) await ask(trx, { id, email: input.email, language: input.language, asked: 1 });
  });
}

interface Asked {
  id: string;
  email: string;
  language: Input["language"];
  asked: number;
}

async function ask(trx: Kysely<Database>, { id, email, language, asked }: Asked): Promise<void> {
  await queueMail(trx, {
    key: `confirm-waitlist/${id}/${asked}`,
    recipient: email,
    template: "confirm-waitlist",
    language,
    data: { entryId: id },
  });
}

async function keepLimits(trx: Kysely<Database>, canonical: string, now: Date): Promise<void> {
  const domain = domainOf(canonical);
  const count = await countUnconfirmed(trx, { since: new Date(now.getTime() - DAY_MS), domain });
  if (count.all >= limits.perDay || count.domain >= domainLimit(domain)) throw tooMany();
}

const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

/** 8 characters that are not mistaken for one another: 10^12 codes, and the column is unique. */
function referralCode(): string {
  return Array.from({ length: 8 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}
