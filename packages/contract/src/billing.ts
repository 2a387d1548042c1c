import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { subscriptionStatus } from "./accounts.ts";

export const createCheckout = endpoint({
  method: "POST",
  path: "/billing/checkout",
  summary: "Open the payment page for the $50 plan. Price and return addresses come from the server alone.",
  caller: "user",
  input: z.strictObject({}),
  output: z.object({ checkoutUrl: z.url() }),
});

export const confirmCheckout = endpoint({
  method: "POST",
  path: "/billing/confirm",
  summary: "Called by the return page: asks Stripe for the truth, exactly as the webhook does. Idempotent.",
  caller: "user",
  input: z.strictObject({ sessionId: z.string().regex(/^cs_[A-Za-z0-9_]{1,200}$/) }),
  output: z.object({ status: subscriptionStatus }),
});

export const createPortal = endpoint({
  method: "POST",
  path: "/billing/portal",
  summary: "Open the page for card, invoices and cancellation.",
  caller: "user",
  input: z.strictObject({}),
  output: z.object({ portalUrl: z.url() }),
});

export const stripeWebhook = endpoint({
  method: "POST",
  path: "/billing/webhook",
  summary: "Signed events from Stripe. Stored under their id, answered after the commit.",
  caller: "stripe",
  input: z.unknown(),
  output: z.object({ received: z.literal(true) }),
});

export const stripeMeterWebhook = endpoint({
  method: "POST",
  path: "/billing/webhook/meter",
  summary: "Signed notifications from Stripe about meter events that it dropped. Stored, then answered.",
  caller: "stripe",
  input: z.unknown(),
  output: z.object({ received: z.literal(true) }),
});
