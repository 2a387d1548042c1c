/**
 * Which mails follow from a look at Stripe. Each is keyed by what it is about (an invoice, or the end
 * of one subscription), so any number of looks, in any order, sends one. Queued with the change of
 * the row: no mail says what did not happen.
 */
import { entitled } from "@molt/contract";
import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";
import { findBotOfUser } from "../fleet/view-bot.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { type Derived, isLiveStatus, type LatestInvoice } from "./derive-billing.ts";
import type { BillingUser } from "./table.ts";

/** An older invoice was sent long ago, or belongs to the time before there were mails. */
const INVOICE_IS_NEWS_MS = 14 * 24 * 60 * 60_000;

type MailDeps = Pick<Deps, "config" | "clock">;

/** @param before the row as it was before this look, locked. */
export async function queueBillingMails(
  deps: MailDeps,
  trx: Kysely<Database>,
  { before, truth }: { before: BillingUser; truth: Derived },
): Promise<void> {
  const recipient = before.email;
  const { invoice, status } = truth;
  if (invoice) {
    if (isNews(deps, invoice)) await queueInvoice(deps, trx, { recipient, invoice });
    if (status === "past_due") await queueFailure(trx, { recipient, invoice });
  }
  const was = before.subscription_status;
  // Until the bank has paid for the first time there is no bot to pause, and none to bring back.
  if (status === was || !(await findBotOfUser(trx, before.id))) return;
  const about = `${truth.subscriptionId ?? before.subscription_id}/${invoice?.id ?? "-"}`;
  if (status === "unpaid") {
    const data = { reason: "payment" } as const;
    await queueMail(trx, { key: `paused/payment/${about}`, recipient, template: "paused", data });
  } else if (isLiveStatus(was) && !isLiveStatus(status)) {
    const ended = before.subscription_id ?? truth.subscriptionId;
    const data = { reason: "ended" } as const;
    await queueMail(trx, { key: `paused/ended/${ended}`, recipient, template: "paused", data });
  } else if (truth.entitled && !entitled.includes(was)) {
    await queueMail(trx, { key: `back-again/${about}`, recipient, template: "back-again", data: {} });
  }
}

function isNews({ clock }: MailDeps, invoice: LatestInvoice): boolean {
  if (invoice.paidAt === null || invoice.totalCents <= 0) return false;
  return clock.now().getTime() - invoice.paidAt.getTime() < INVOICE_IS_NEWS_MS;
}

interface About {
  recipient: string;
  invoice: LatestInvoice;
}

async function queueInvoice({ config }: MailDeps, trx: Kysely<Database>, { recipient, invoice }: About) {
  const { id, number, totalCents, currency, from, to, url } = invoice;
  await queueMail(trx, {
    key: `invoice/${id}`,
    recipient,
    template: "invoice",
    data: {
      number: number ?? id,
      totalCents,
      currency,
      from: day(from),
      to: day(to),
      url: url ?? config.urls.app,
    },
  });
}

async function queueFailure(trx: Kysely<Database>, { recipient, invoice }: About) {
  await queueMail(trx, {
    key: `payment-failed/${invoice.id}`,
    recipient,
    template: "payment-failed",
    data: { amountCents: invoice.dueCents, currency: invoice.currency },
  });
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
