/** What happens when somebody presses the button on the hosted checkout page. */
import { emit, listOf, type Act } from "../act.ts";
import { addIntervals } from "../clock.ts";
import { newId } from "../ids.ts";
import type { Card, Customer, Invoice, Session, Subscription, SubscriptionItem } from "../types.ts";
import {
  chargeInvoice,
  createInvoice,
  failInvoice,
  finalizeInvoice,
  markPaid,
  newInvoiceId,
} from "./invoicing.ts";
import { baseLines, isMetered } from "./lines.ts";
import { newCustomer } from "./new-customer.ts";

/** Seconds until a delayed payment is decided: long enough to see the waiting page, short enough to wait. */
const delayedSeconds = 20;

export interface Payment {
  card: Card;
  /** True for ways of paying that the bank confirms later: the session completes unpaid. */
  delayed: boolean;
}

/** Answers what the page has to do next. Paying twice is paying once. */
export async function paySession(
  act: Act,
  session: Session,
  payment: Payment,
): Promise<"done" | "declined" | "expired"> {
  if (session.status === "complete") return "done";
  if (session.status === "expired") return "expired";
  if (!payment.card.works && !payment.delayed) {
    session.local.declined = true;
    await act.tx.put(session);
    return "declined";
  }
  const customer = await customerOf(act, session);
  customer.local.card = payment.card;
  await act.tx.put(customer);
  session.customer = customer.id;
  const subscription = await subscribe(act, session, customer);
  const invoice = await firstInvoice(act, subscription);
  if (payment.delayed) {
    session.local.settlesAt = act.now + delayedSeconds;
  } else {
    await chargeInvoice(act, invoice);
    session.payment_status = "paid";
  }
  session.status = "complete";
  session.url = null;
  session.local.declined = false;
  session.subscription = subscription.id;
  session.invoice = invoice.id;
  await act.tx.put(session);
  await emit(act, "customer.subscription.created", subscription);
  await emit(act, "checkout.session.completed", session);
  return "done";
}

async function customerOf(act: Act, session: Session): Promise<Customer> {
  if (session.customer !== null) return act.tx.need("customer", session.customer);
  const customer = newCustomer(act, session.customer_email);
  await act.tx.put(customer);
  await emit(act, "customer.created", customer);
  return customer;
}

async function subscribe(act: Act, session: Session, customer: Customer): Promise<Subscription> {
  const id = newId("sub_");
  const items: SubscriptionItem[] = [];
  for (const { price: priceId, quantity } of session.local.items) {
    const price = await act.tx.need("price", priceId);
    items.push({
      id: newId("si_", 14),
      object: "subscription_item",
      created: act.now,
      subscription: id,
      price,
      ...(isMetered(price) ? {} : { quantity: quantity ?? 1 }),
      current_period_start: act.now,
      current_period_end: addIntervals(act.now, price.recurring.interval, price.recurring.interval_count),
      metadata: {},
    });
  }
  return act.tx.put({
    id,
    object: "subscription",
    created: act.now,
    livemode: false,
    customer: customer.id,
    status: "active",
    currency: session.currency,
    cancel_at_period_end: false,
    cancel_at: null,
    canceled_at: null,
    ended_at: null,
    start_date: act.now,
    billing_cycle_anchor: act.now,
    billing_mode: { type: session.local.billingMode },
    collection_method: "charge_automatically",
    latest_invoice: null,
    pause_collection: null,
    metadata: session.local.subscriptionMetadata,
    cancellation_details: { comment: null, feedback: null, reason: null },
    items: listOf(items, `/v1/subscription_items?subscription=${id}`),
    trial_start: null,
    trial_end: null,
    test_clock: null,
  } satisfies Subscription);
}

async function firstInvoice(act: Act, subscription: Subscription): Promise<Invoice> {
  const id = newInvoiceId();
  const item = subscription.items.data[0];
  const period = { start: act.now, end: item?.current_period_end ?? act.now };
  const lines = await baseLines(act, { invoice: id, subscription, span: period });
  // An invoice's own period is the one before: of no length for the first.
  const span = { start: act.now, end: act.now };
  const draft = { id, reason: "subscription_create" as const, lines, span, finalizesAt: null };
  const invoice = await createInvoice(act, subscription, draft);
  await finalizeInvoice(act, invoice);
  return invoice;
}

/** The bank's answer to a delayed payment. */
export async function settleSession(act: Act, session: Session, succeeded: boolean): Promise<void> {
  if (session.status !== "complete" || session.payment_status !== "unpaid" || session.invoice === null)
    return;
  const invoice = await act.tx.need("invoice", session.invoice);
  session.local.settlesAt = null;
  if (succeeded) {
    session.payment_status = "paid";
    await act.tx.put(session);
    await markPaid(act, invoice);
    await emit(act, "checkout.session.async_payment_succeeded", session);
    return;
  }
  await act.tx.put(session);
  await failInvoice(act, invoice);
  await emit(act, "checkout.session.async_payment_failed", session);
}

export async function expireSession(act: Act, session: Session): Promise<void> {
  session.status = "expired";
  session.url = null;
  await act.tx.put(session);
  await emit(act, "checkout.session.expired", session);
}
