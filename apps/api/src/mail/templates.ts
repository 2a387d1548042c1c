/** Every mail the product sends, by name. */
import type { z } from "zod";
import { accountDeleted, backAgain, botReady, paused, welcome } from "./templates/bot.ts";
import { capReached, invoice, paymentFailed, weeklyDigest } from "./templates/money.ts";
import { spendingHeld } from "./templates/spending.ts";
import { signIn } from "./templates/sign-in.ts";
import { confirmWaitlist, waitlistInvitation } from "./templates/waitlist.ts";

export const templates = {
  "confirm-waitlist": confirmWaitlist,
  "waitlist-invitation": waitlistInvitation,
  "sign-in": signIn,
  welcome,
  "bot-ready": botReady,
  "payment-failed": paymentFailed,
  paused,
  "back-again": backAgain,
  "cap-reached": capReached,
  "spending-held": spendingHeld,
  invoice,
  "weekly-digest": weeklyDigest,
  "account-deleted": accountDeleted,
} as const;

export type TemplateName = keyof typeof templates;
export type DataOf<T extends TemplateName> = z.input<(typeof templates)[T]["data"]>;

export function isTemplate(name: string): name is TemplateName {
  return Object.hasOwn(templates, name);
}
