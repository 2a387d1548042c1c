/** draft -> open -> paid, or open and retried until it is given up. */
import { emit, listOf, type Act } from "../act.ts";
import { invalid } from "../errors.ts";
import { newId } from "../ids.ts";
import type { BillingReason, Invoice, Line, Subscription } from "../types.ts";
import { usageLines, type Span } from "./lines.ts";

const day = 86_400;
/** Days after the first failed attempt at which the card is tried again. */
const retryDays = [1, 3, 5, 7];

interface Draft {
  id: string;
  reason: BillingReason;
  lines: Line[];
  span: Span;
  finalizesAt: number | null;
}

export function draftInvoice(act: Act, subscription: Subscription, draft: Draft): Invoice {
  const total = draft.lines.reduce((sum, line) => sum + line.amount, 0);
  return {
    id: draft.id,
    object: "invoice",
    created: act.now,
    livemode: false,
    number: null,
    status: "draft",
    customer: subscription.customer,
    customer_email: null,
    billing_reason: draft.reason,
    currency: subscription.currency,
    subtotal: total,
    total,
    amount_due: total,
    amount_paid: 0,
    amount_remaining: total,
    attempt_count: 0,
    attempted: false,
    auto_advance: true,
    next_payment_attempt: draft.finalizesAt,
    automatically_finalizes_at: draft.finalizesAt,
    collection_method: "charge_automatically",
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    period_start: draft.span.start,
    period_end: draft.span.end,
    hosted_invoice_url: null,
    invoice_pdf: null,
    webhooks_delivered_at: null,
    metadata: {},
    parent: {
      type: "subscription_details",
      quote_details: null,
      subscription_details: { subscription: subscription.id, metadata: subscription.metadata },
    },
    lines: listOf(draft.lines, `/v1/invoices/${draft.id}/lines`),
  };
}

export async function createInvoice(act: Act, subscription: Subscription, draft: Draft): Promise<Invoice> {
  const invoice = draftInvoice(act, subscription, draft);
  invoice.customer_email = (await act.tx.need("customer", subscription.customer)).email;
  subscription.latest_invoice = invoice.id;
  await act.tx.put(subscription);
  await act.tx.put(invoice);
  await emit(act, "invoice.created", invoice);
  return invoice;
}

export function newInvoiceId(): string {
  return newId("in_");
}

/** Locks the invoice: usage that came during the grace is summed for the last time. */
export async function finalizeInvoice(act: Act, invoice: Invoice): Promise<void> {
  if (invoice.status !== "draft")
    throw invalid("This invoice is already finalized.", { code: "invoice_not_editable" });
  await sumUsageAgain(act, invoice);
  const customer = await act.tx.need("customer", invoice.customer);
  invoice.number = `${customer.invoice_prefix}-${String(customer.next_invoice_sequence).padStart(4, "0")}`;
  await act.tx.put({ ...customer, next_invoice_sequence: customer.next_invoice_sequence + 1 });
  invoice.status = "open";
  invoice.automatically_finalizes_at = null;
  invoice.status_transitions.finalized_at = act.now;
  invoice.hosted_invoice_url = `${act.settings.publicUrl}/i/${invoice.id}`;
  await act.tx.put(invoice);
  await emit(act, "invoice.finalized", invoice);
}

async function sumUsageAgain(act: Act, invoice: Invoice): Promise<void> {
  const subscription = await act.tx.need("subscription", invoice.parent.subscription_details.subscription);
  const metered = new Set(subscription.items.data.filter((i) => i.price.recurring.meter).map((i) => i.id));
  const old = invoice.lines.data.find((l) =>
    metered.has(l.parent.subscription_item_details.subscription_item),
  );
  if (!old) return;
  const fresh = await usageLines(act, { invoice: invoice.id, subscription, span: old.period });
  invoice.lines.data = invoice.lines.data.map(
    (line) =>
      fresh.find(
        (f) =>
          f.parent.subscription_item_details.subscription_item ===
          line.parent.subscription_item_details.subscription_item,
      ) ?? line,
  );
  const total = invoice.lines.data.reduce((sum, line) => sum + line.amount, 0);
  Object.assign(invoice, { subtotal: total, total, amount_due: total, amount_remaining: total });
}

export async function markPaid(act: Act, invoice: Invoice): Promise<void> {
  invoice.status = "paid";
  invoice.amount_paid = invoice.amount_due;
  invoice.amount_remaining = 0;
  invoice.next_payment_attempt = null;
  invoice.status_transitions.paid_at = act.now;
  await act.tx.put(invoice);
  await emit(act, "invoice.paid", invoice);
}

/** Charges the customer's card; nothing to pay is paid. Answers whether the invoice is paid now. */
export async function chargeInvoice(act: Act, invoice: Invoice): Promise<boolean> {
  const customer = await act.tx.need("customer", invoice.customer);
  invoice.attempted = true;
  if (invoice.amount_due > 0) invoice.attempt_count += 1;
  if (invoice.amount_due === 0 || customer.local.card?.works) {
    await markPaid(act, invoice);
    await reviveSubscription(act, invoice);
    return true;
  }
  await failInvoice(act, invoice);
  return false;
}

async function reviveSubscription(act: Act, invoice: Invoice): Promise<void> {
  const subscription = await act.tx.need("subscription", invoice.parent.subscription_details.subscription);
  if (!["past_due", "unpaid", "incomplete"].includes(subscription.status)) return;
  const open = await act.tx.all("invoice", { customer: invoice.customer, status: "open" }, 100);
  if (open.some((other) => other.parent.subscription_details.subscription === subscription.id)) return;
  const previous = { status: subscription.status };
  subscription.status = "active";
  await act.tx.put(subscription);
  await emit(act, "customer.subscription.updated", { object: subscription, previous });
}

/** A refused charge: the subscription is past due, the card is tried again until it is given up. */
export async function failInvoice(act: Act, invoice: Invoice): Promise<void> {
  const finalizedAt = invoice.status_transitions.finalized_at ?? act.now;
  const nextDay = retryDays.find((days) => finalizedAt + days * day > act.now);
  invoice.next_payment_attempt = nextDay === undefined ? null : finalizedAt + nextDay * day;
  await act.tx.put(invoice);
  await emit(act, "invoice.payment_failed", invoice);
  const subscription = await act.tx.need("subscription", invoice.parent.subscription_details.subscription);
  if (subscription.ended_at !== null) return;
  const previous = { status: subscription.status };
  const next = nextDay !== undefined ? "past_due" : act.settings.exhausted;
  if (subscription.status === next) return;
  subscription.status = next;
  if (next === "canceled") {
    Object.assign(subscription, { canceled_at: act.now, ended_at: act.now });
    subscription.cancellation_details.reason = "payment_failed";
  }
  await act.tx.put(subscription);
  const type = next === "canceled" ? "customer.subscription.deleted" : "customer.subscription.updated";
  await emit(act, type, { object: subscription, previous });
}
