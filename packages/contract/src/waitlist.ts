import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { emailAddress, plainText } from "./text.ts";

export const waitlistLanguage = z.enum(["en", "de"]);

export const joinWaitlist = endpoint({
  method: "POST",
  path: "/waitlist",
  summary: "Join the waitlist. The answer is the same whether the address was known or not.",
  caller: "anyone",
  input: z.strictObject({
    email: emailAddress,
    language: waitlistLanguage.default("en"),
    source: plainText(100).optional(),
    campaign: plainText(100).optional(),
    referredBy: z
      .string()
      .regex(/^[a-z0-9]{8}$/)
      .optional(),
    /** Honeypot: people never see this field. A filled one is answered like success and dropped. */
    website: z.string().max(500).optional(),
  }),
  output: z.object({ ok: z.literal(true) }),
});

export const confirmWaitlist = endpoint({
  method: "POST",
  path: "/waitlist/confirm",
  summary: "The second opt-in, from the link in the mail. Idempotent.",
  caller: "anyone",
  input: z.strictObject({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
  /** `position` is null for somebody who was invited already and waits no more. */
  output: z.object({ position: z.int().positive().nullable(), referralCode: z.string() }),
});

export const leaveWaitlist = endpoint({
  method: "POST",
  path: "/waitlist/leave",
  summary: "Unsubscribe and delete the entry. Idempotent, and silent about whether it existed.",
  caller: "anyone",
  input: z.strictObject({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
  output: z.object({ ok: z.literal(true) }),
});

export const unsubscribeMail = endpoint({
  method: "POST",
  path: "/mail/unsubscribe",
  summary: "No more mails of the kind whose link carried this token. Idempotent, and silent about it.",
  caller: "anyone",
  input: z.strictObject({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
  output: z.object({ ok: z.literal(true) }),
});
