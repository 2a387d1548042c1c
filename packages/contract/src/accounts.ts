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

export const getMe = endpoint({
  method: "GET",
  path: "/me",
  summary: "Who I am, what I pay, and my bot.",
  caller: "user",
  input: z.strictObject({}),
  output: z.object({
    user: z.object({ id: uuid, email: z.string(), createdAt: instant }),
    subscription: z.object({
      status: subscriptionStatus,
      currentPeriodEnd: instant.nullable(),
      cancelAtPeriodEnd: z.boolean(),
    }),
    bot: botView.nullable(),
  }),
});
export type Me = z.infer<typeof getMe.output>;
