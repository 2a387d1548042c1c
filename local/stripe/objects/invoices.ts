import { emit, listOf, type Act } from "../act.ts";
import { periodEnd } from "../cycle/cancel.ts";
import { chargeInvoice, draftInvoice, finalizeInvoice } from "../cycle/invoicing.ts";
import { baseLines, usageLines } from "../cycle/lines.ts";
import { invalid, StripeError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Params } from "../params.ts";
import { pageOf, type Route } from "../route.ts";
import type { Invoice, Subscription } from "../types.ts";
import { needCustomer } from "./customers.ts";
import { addIntervals } from "../clock.ts";

/** The next invoice as it would be if the period ended with what is used so far. */
export async function upcomingInvoice(act: Act, subscription: Subscription): Promise<Invoice> {
  const id = newId("upcoming_in_");
  const item = subscription.items.data[0];
  const end = periodEnd(subscription);
  const open = { start: item?.current_period_start ?? subscription.created, end };
  const recurring = item?.price.recurring;
  const next = {
    start: end,
    end: addIntervals(end, recurring?.interval ?? "month", recurring?.interval_count ?? 1),
  };
  const lines = [
    ...(await usageLines(act, { invoice: id, subscription, span: open })),
    ...(subscription.cancel_at_period_end
      ? []
      : await baseLines(act, { invoice: id, subscription, span: next })),
  ];
  return draftInvoice(act, subscription, { id, reason: "upcoming", lines, span: open, finalizesAt: end });
}

async function createPreview(act: Act, params: Params): Promise<Invoice> {
  const customerId = params.text("customer");
  const subscriptionId = params.text("subscription");
  if (customerId !== undefined) await needCustomer(act, customerId);
  const subscription =
    subscriptionId === undefined
      ? (await act.tx.all("subscription", { customer: customerId, status: ["active", "past_due"] }, 1))[0]
      : await act.tx.need("subscription", subscriptionId, "subscription");
  if (
    !subscription ||
    subscription.ended_at !== null ||
    (customerId ?? subscription.customer) !== subscription.customer
  ) {
    throw new StripeError({
      status: 404,
      type: "invalid_request_error",
      code: "invoice_upcoming_none",
      message: `No upcoming invoices for customer: '${customerId ?? subscription?.customer}'`,
    });
  }
  return upcomingInvoice(act, subscription);
}

const finalize: Route = {
  method: "POST",
  path: "/v1/invoices/:id/finalize",
  async run(act, params, { id = "" }) {
    params.flag("auto_advance");
    const invoice = await act.tx.need("invoice", id);
    await finalizeInvoice(act, invoice);
    return invoice;
  },
};

const pay: Route = {
  method: "POST",
  path: "/v1/invoices/:id/pay",
  async run(act, _params, { id = "" }) {
    const invoice = await act.tx.need("invoice", id);
    if (invoice.status === "paid") throw invalid("Invoice is already paid", { code: "invoice_already_paid" });
    if (invoice.status === "draft") await finalizeInvoice(act, invoice);
    if (invoice.status !== "open") throw invalid(`This invoice is ${invoice.status} and cannot be paid.`);
    const customer = await act.tx.need("customer", invoice.customer);
    if (invoice.amount_due > 0 && !customer.local.card?.works) {
      // A refusal at the caller's own request changes nothing: the error would roll it back anyway.
      throw new StripeError({
        status: 402,
        type: "card_error",
        code: "card_declined",
        decline_code: "generic_decline",
        message: "Your card was declined.",
      });
    }
    await chargeInvoice(act, invoice);
    return invoice;
  },
};

const voidInvoice: Route = {
  method: "POST",
  path: "/v1/invoices/:id/void",
  async run(act, _params, { id = "" }) {
    const invoice = await act.tx.need("invoice", id);
    if (invoice.status !== "open" && invoice.status !== "uncollectible") {
      throw invalid(`You can only void an open or uncollectible invoice; this one is ${invoice.status}.`);
    }
    Object.assign(invoice, { status: "void", next_payment_attempt: null });
    invoice.status_transitions.voided_at = act.now;
    await act.tx.put(invoice);
    await emit(act, "invoice.voided", invoice);
    return invoice;
  },
};

export const invoiceRoutes: Route[] = [
  { method: "POST", path: "/v1/invoices/create_preview", run: createPreview },
  {
    method: "GET",
    path: "/v1/invoices",
    async run(act, params) {
      const subscription = params.text("subscription");
      const list = await pageOf(act, params, {
        kind: "invoice",
        url: "/v1/invoices",
        where: {
          customer: params.text("customer"),
          status: params.choice("status", ["draft", "open", "paid", "uncollectible", "void"]),
          // The subscription of an invoice lies deep in it; a list by subscription goes through its lines' parent.
          ...(subscription === undefined ? {} : { id: await invoicesOf(act, subscription) }),
        },
      });
      return list;
    },
  },
  { method: "GET", path: "/v1/invoices/:id", run: (act, _params, { id = "" }) => act.tx.need("invoice", id) },
  {
    method: "GET",
    path: "/v1/invoices/:id/lines",
    async run(act, params, { id = "" }) {
      params.integer("limit", { min: 1, max: 100 });
      const invoice = await act.tx.need("invoice", id);
      return listOf(invoice.lines.data, `/v1/invoices/${id}/lines`);
    },
  },
  finalize,
  pay,
  voidInvoice,
];

async function invoicesOf(act: Act, subscription: string): Promise<string[]> {
  const rows = await act.tx.query<{ id: string }>(
    `select id from stripe_local.objects where kind = 'invoice'
     and body #>> '{parent,subscription_details,subscription}' = $1 order by seq desc limit 1000`,
    [subscription],
  );
  return rows.map((row) => row.id);
}
