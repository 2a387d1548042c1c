import { z } from "zod";
import { botView } from "./bots.ts";
import { endpoint } from "./endpoint.ts";
import { instant, uuid } from "./text.ts";

/** Stripe's own words, plus `none` for somebody who never paid. */
export const subscriptionStatus = z.enum([
  "none",
  "incomplete",
  "incomplete_expired",
  "trialing",
  "active",
  "past_due",
  "unpaid",
  "canceled",
  "paused",
]);
export type SubscriptionStatus = z.infer<typeof subscriptionStatus>;

/** Statuses in which the bot may run. `past_due` has no grace by default (reference: stripe, section 6). */
export const entitled: readonly SubscriptionStatus[] = ["active", "trialing"];

/** The language of the mails; the app follows the device. */
export const language = z.enum(["en", "de"]);
export type Language = z.infer<typeof language>;

export const getMe = endpoint({
  method: "GET",
  path: "/me",
  summary: "Who I am, what I pay, and my bot.",
  caller: "user",
  input: z.strictObject({}),
  output: z.object({
    user: z.object({
      id: uuid,
      email: z.string(),
      createdAt: instant,
      // An api from before it knew languages says nothing; a newer app must open against it all the same.
      language: language.default("en"),
    }),
    subscription: z.object({
      status: subscriptionStatus,
      currentPeriodEnd: instant.nullable(),
      cancelAtPeriodEnd: z.boolean(),
    }),
    bot: botView.nullable(),
  }),
});
export type Me = z.infer<typeof getMe.output>;

export const setLanguage = endpoint({
  method: "POST",
  path: "/me/language",
  summary: "Choose the language of my mails.",
  caller: "user",
  input: z.strictObject({ language }),
  output: z.object({ language }),
});

export const deleteAccount = endpoint({
  method: "POST",
  path: "/me/delete",
  summary:
    "Delete my account: ends the subscription, removes the bot with everything it knows, and signs out everywhere. Cannot be undone. Idempotent.",
  caller: "user",
  whileEnding: true,
  /** The address of the account, typed by hand. */
  input: z.strictObject({ email: z.string().max(254) }),
  output: z.object({ deleted: z.literal(true) }),
});
