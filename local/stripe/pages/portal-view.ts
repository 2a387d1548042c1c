/** What the portal shows: read first, then drawn. */
import type { Act } from "../act.ts";
import { isMetered, money } from "../cycle/lines.ts";
import { upcomingInvoice } from "../objects/invoices.ts";
import type { Invoice, Subscription } from "../types.ts";
import { portalCards, radios } from "./cards.ts";
import { html, type Html } from "./html.ts";
import { invoiceBadge } from "./invoice-page.ts";
import { day } from "./layout.ts";
import type { Visit } from "./portal-page.ts";
import { periodEnd } from "../cycle/cancel.ts";

/** What a finished action says at the top of the page. */
export const notices = {
  card: { look: "good", words: "Your new card is stored." },
  cancelled: {
    look: "good",
    words: "Your plan is cancelled. It runs until the end of the period you have paid.",
  },
  reactivated: { look: "good", words: "Your plan goes on." },
  paid: { look: "good", words: "The invoice is paid." },
  declined: { look: "bad", words: "Your card was declined. Store another card and try again." },
} as const;

interface PlanView {
  subscription: Subscription;
  name: string;
  next: Invoice | null;
  /** The lines of the next invoice in words. */
  lines: { name: string; detail: string; amount: string }[];
}

export interface PortalView {
  plans: PlanView[];
  invoices: Invoice[];
}

export async function portalView(act: Act, visit: Visit): Promise<PortalView> {
  const plans: PlanView[] = [];
  const { data: subscriptions } = await act.tx.page(
    "subscription",
    { customer: visit.customer.id },
    { limit: 5 },
  );
  for (const subscription of subscriptions) {
    const base = subscription.items.data.find((item) => !isMetered(item.price)) ?? subscription.items.data[0];
    const product = base === undefined ? undefined : await act.tx.find("product", base.price.product);
    const next = subscription.ended_at === null ? await upcomingInvoice(act, subscription) : null;
    const lines = next === null ? [] : await describeLines(act, next);
    plans.push({ subscription, name: product?.name ?? "Plan", next, lines });
  }
  const { data: invoices } = await act.tx.page("invoice", { customer: visit.customer.id }, { limit: 24 });
  return { plans, invoices };
}

async function describeLines(act: Act, invoice: Invoice): Promise<PlanView["lines"]> {
  const lines: PlanView["lines"] = [];
  for (const line of invoice.lines.data) {
    const price = await act.tx.need("price", line.pricing.price_details.price);
    const product = await act.tx.need("product", price.product);
    const used = `${line.quantity.toLocaleString("en-US")} ${product.unit_label ?? "unit"}s used so far`;
    const span = `${day(line.period.start)} to ${day(line.period.end)}`;
    lines.push({
      name: price.nickname ?? product.name,
      detail: isMetered(price) ? used : span,
      amount: money(line.amount, line.currency),
    });
  }
  return lines;
}

const statusLooks: Partial<Record<Subscription["status"], { words: string; look: string }>> = {
  active: { words: "Active", look: "good" },
  trialing: { words: "Trial", look: "good" },
  past_due: { words: "Payment failed", look: "bad" },
  unpaid: { words: "Unpaid", look: "bad" },
  canceled: { words: "Ended", look: "" },
};

function planBadge(subscription: Subscription): Html {
  if (subscription.cancel_at_period_end && subscription.ended_at === null) {
    return html`<span class="badge warn">Ends ${day(periodEnd(subscription))}</span>`;
  }
  const look = statusLooks[subscription.status];
  return html`<span class="badge ${look?.look ?? ""}">${look?.words ?? subscription.status}</span>`;
}

function planCard(visit: Visit, plan: PlanView): Html {
  const { subscription, next, lines } = plan;
  const ended = subscription.ended_at !== null;
  return html`<section class="card" aria-label="Plan">
    <div class="head">
      <h2>${plan.name}</h2>
      ${planBadge(subscription)}
    </div>
    ${ended && html`<p class="muted">Ended on ${day(subscription.ended_at ?? 0)}.</p>`}
    ${
      next !== null &&
      html`<p class="muted">
          ${subscription.cancel_at_period_end ? "Last invoice" : "Next invoice"} on
          ${day(periodEnd(subscription))}, as it stands now:
        </p>
        <div class="lines">
          ${lines.map(
            (line) =>
              html`<div class="row">
                <div>
                  <b>${line.name}</b>
                  <p class="muted small">${line.detail}</p>
                </div>
                <div class="amount">${line.amount}</div>
              </div>`,
          )}
          <div class="row total">
            <div>Together</div>
            <div class="amount">${money(next.total, next.currency)}</div>
          </div>
        </div>`
    }
    ${!ended && planAction(visit, subscription)}
  </section>`;
}

function planAction(visit: Visit, subscription: Subscription): Html | null {
  const action = `/p/session/${visit.session.id}`;
  const hidden = html`<input type="hidden" name="subscription" value="${subscription.id}" />`;
  if (subscription.cancel_at_period_end) {
    return html`<form method="post" action="${action}/reactivate">
      ${hidden}<button class="primary" type="submit">Keep my plan</button>
    </form>`;
  }
  const { enabled, mode } = visit.configuration.features.subscription_cancel;
  if (!enabled) return null;
  const atOnce = mode === "immediately";
  return html`<details>
    <summary>Cancel plan</summary>
    <p class="muted">
      ${
        atOnce
          ? "Your plan ends at once, and what you have used is billed."
          : `Your plan stays active until ${day(periodEnd(subscription))}. What you have used by then is billed on that day, and nothing after it.`
      }
    </p>
    <form method="post" action="${action}/cancel">
      ${hidden}<button class="danger" type="submit">
        ${atOnce ? "Cancel now" : "Cancel at the end of the period"}
      </button>
    </form>
  </details>`;
}

function cardSection(visit: Visit): Html {
  const { card } = visit.customer.local;
  const chosen = card?.works === false ? "declined" : "works";
  return html`<section class="card" aria-label="Card">
    <div class="head"><h2>Card</h2></div>
    <p class="muted">
      ${card === null ? "No card is stored." : `${card.brand === "visa" ? "Visa" : "Mastercard"} •••• ${card.last4}`}
    </p>
    ${
      visit.configuration.features.payment_method_update.enabled &&
      html`<details>
        <summary>Update card</summary>
        <form method="post" action="/p/session/${visit.session.id}/card">
          <fieldset class="field">
            <legend>Test cards</legend>
            ${radios(portalCards, chosen)}
          </fieldset>
          <button type="submit">Store card</button>
        </form>
      </details>`
    }
  </section>`;
}

function invoiceSection(visit: Visit, invoices: Invoice[]): Html {
  return html`<section class="card" aria-label="Invoices">
    <div class="head"><h2>Invoices</h2></div>
    ${invoices.length === 0 && html`<p class="muted">None yet.</p>`}
    <div>
      ${invoices.map(
        (invoice) =>
          html`<div class="row">
            <div>
              ${
                invoice.hosted_invoice_url === null
                  ? html`<b>Draft</b>`
                  : html`<a href="/i/${invoice.id}"><b>${invoice.number ?? "Invoice"}</b></a>`
              }
              <p class="muted small">${day(invoice.created)}</p>
            </div>
            <div class="inline">
              ${
                invoice.status === "open" &&
                html`<form method="post" action="/p/session/${visit.session.id}/pay">
                  <input type="hidden" name="invoice" value="${invoice.id}" /><button
                    class="quiet"
                    type="submit"
                  >
                    Pay now
                  </button>
                </form>`
              }${invoiceBadge(invoice)}<span class="amount">${money(invoice.total, invoice.currency)}</span>
            </div>
          </div>`,
      )}
    </div>
  </section>`;
}

export function portalBody(visit: Visit, view: PortalView, done: string | undefined): Html {
  const notice =
    done !== undefined && Object.hasOwn(notices, done) ? notices[done as keyof typeof notices] : undefined; // hasOwn
  return html`${notice !== undefined && html`<p class="notice ${notice.look}" role="status">${notice.words}</p>`}
    <h1 class="title">Plan and invoices</h1>
    <p class="muted lead">${visit.customer.email ?? visit.customer.id}</p>
    ${view.plans.length === 0 && html`<section class="card"><h2>No plan yet</h2></section>`}
    ${view.plans.map((plan) => planCard(visit, plan))} ${cardSection(visit)}
    ${visit.configuration.features.invoice_history.enabled && invoiceSection(visit, view.invoices)}`;
}
