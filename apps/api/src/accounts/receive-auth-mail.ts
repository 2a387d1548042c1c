/**
 * Supabase's "send email" hook: the auth service makes code and link, we send them, in our words and
 * face, through the one outbox. The answer waits for the outbox row alone, never for a mail server.
 */
import { createHash } from "node:crypto";
import type { Language } from "@molt/contract";
import type { Config } from "../config.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { queueMail } from "../mail/queue-mail.ts";
import type { SignInPurpose } from "../mail/templates/sign-in.ts";
import { languageOfTag } from "./choose-language.ts";
import { type AuthMailDelivery, authMailDelivery, isSigned, type SignedDelivery } from "./supabase.ts";
import { selectLanguage } from "./table.ts";

/** Supabase gives up after 5 s, and comes again when it is told to. */
const STORE_WITHIN_MS = 3_000;
/** How long a code opens: `otp_expiry` at Supabase. After it the mail is not sent any more. */
const CODE_MINUTES = 10;

/**
 * Puts the mails of one delivery into the outbox, once however often it comes.
 * @throws {AppError} not_signed_in for a forgery, invalid_input for what we cannot send, unavailable
 * when nothing was stored in time.
 */
export async function receiveAuthMail(deps: Deps, delivery: SignedDelivery): Promise<void> {
  const { config, clock } = deps;
  if (!isSigned(config.auth.hookSecrets, delivery, clock.now()))
    throw new AppError("not_signed_in", "The signature does not fit, or is not of this time.");
  const mails = mailsOf(config, parse(delivery.body), delivery.id ?? "");
  const waiting = new AbortController();
  const late = clock.sleep(STORE_WITHIN_MS, waiting.signal).then(() => {
    throw new AppError("unavailable", "The mail could not be stored in time.");
  });
  const stored = store(deps, mails);
  // Whichever loses the race is heard here; what wins is what this function answers.
  late.catch(() => undefined);
  stored.catch(() => undefined);
  try {
    await Promise.race([stored, late]);
  } finally {
    waiting.abort();
  }
}

function parse(body: Buffer): AuthMailDelivery {
  try {
    return authMailDelivery.parse(JSON.parse(body.toString("utf8")));
  } catch (cause) {
    throw new AppError("invalid_input", "This is not a mail of the sign-in service.", { cause });
  }
}

interface AuthMail {
  key: string;
  userId: string;
  recipient: string;
  said: Language | undefined;
  purpose: SignInPurpose;
  code: string;
  link: string | null;
}

async function store({ db, config, clock }: Deps, mails: readonly AuthMail[]): Promise<void> {
  const expiresAt = new Date(clock.now().getTime() + CODE_MINUTES * 60_000);
  await db.transaction().execute(async (trx) => {
    for (const { key, userId, recipient, said, purpose, code, link } of mails) {
      await queueMail(trx, {
        key,
        recipient,
        template: "sign-in",
        language: (await selectLanguage(trx, userId)) ?? said ?? "en",
        data: { purpose, code, link, minutes: CODE_MINUTES },
        expiresAt,
        sealWith: config.masterKey,
      });
    }
  });
}

interface Part {
  recipient: string | null | undefined;
  purpose: SignInPurpose;
  token: string | null | undefined;
  hash: string | null | undefined;
}

function mailsOf(config: Deps["config"], delivery: AuthMailDelivery, deliveryId: string): AuthMail[] {
  const { user, email_data: data } = delivery;
  return partsOf(delivery).map(({ recipient, purpose, token, hash }) => {
    if (!recipient || !token)
      throw new AppError("invalid_input", `A ${data.email_action_type} mail needs an address and a code.`);
    const type = data.email_action_type;
    // The same code is the same mail, under whichever id it is delivered: a retry has a new one.
    const occasion = createHash("sha256")
      .update(`${recipient} ${token} ${hash || deliveryId}`)
      .digest("base64url");
    return {
      key: `sign-in/${occasion.slice(0, 32)}`,
      userId: user.id,
      recipient,
      said: languageOfTag(user.user_metadata?.["language"]),
      purpose,
      code: token,
      link: hash ? enterLink(config, { type, tokenHash: hash }) : null,
    };
  });
}

/**
 * To the app and not to the auth service: a link that signs in by being opened is used up by whatever scans
 * mails, and the code beside it with it. The proof stands behind the #, where no server sees it
 * (apps/app/src/auth/read-link.ts).
 */
function enterLink({ urls }: Pick<Config, "urls">, link: { type: string; tokenHash: string }): string {
  return `${urls.app}/enter#${link.type}.${link.tokenHash}`;
}

function partsOf({ user, email_data: data }: AuthMailDelivery): Part[] {
  const { token, token_hash: hash } = data;
  const type = data.email_action_type;
  switch (type) {
    case "signup":
    case "magiclink":
    case "recovery":
    case "invite":
      return [{ recipient: user.email, purpose: type, token, hash }];
    case "reauthentication":
      return [{ recipient: user.email, purpose: type, token, hash: null }];
    case "email_change": {
      const next = { recipient: user.new_email || user.email, purpose: "email_change_new" } as const;
      if (!data.token_hash_new && !data.token_new) return [{ ...next, token, hash }];
      // Supabase's names are crossed, for old times' sake: `token` belongs to `token_hash_new`, for the
      // present address, and `token_new` to `token_hash`, for the new one. Either may be confirmed already.
      const present = { recipient: user.email, purpose: "email_change_current" } as const;
      return [
        ...(data.token_hash_new ? [{ ...present, token, hash: data.token_hash_new }] : []),
        ...(data.token_new ? [{ ...next, token: data.token_new, hash }] : []),
      ];
    }
    default:
      throw new AppError("invalid_input", `There is no mail for "${type}".`);
  }
}
