/** `/p/session/:id`: card, cancellation, invoices, for one customer. */
import type { FastifyInstance } from "fastify";
import type { Act } from "../act.ts";
import { cancelNow, setCancelAtPeriodEnd } from "../cycle/cancel.ts";
import { actNow } from "../cycle/due.ts";
import { chargeInvoice } from "../cycle/invoicing.ts";
import { invalid, StripeError } from "../errors.ts";
import { parseForm } from "../form.ts";
import type { PortalConfiguration, PortalSession } from "../portal-types.ts";
import type { Customer, Subscription } from "../types.ts";
import { portalCards } from "./cards.ts";
import { sendPage } from "./layout.ts";
import type { PageDeps } from "./pages.ts";
import { notices, portalBody, portalView } from "./portal-view.ts";

/** A portal link is for now: an hour, so that a forgotten tab or a leaked link opens nothing. */
const livesSeconds = 3600;

export interface Visit {
  session: PortalSession;
  configuration: PortalConfiguration;
  customer: Customer;
}

async function openVisit(act: Act, id: string): Promise<Visit> {
  const session = await act.tx.need("billing_portal.session", id);
  if (act.now > session.created + livesSeconds) {
    throw new StripeError({
      status: 410,
      type: "invalid_request_error",
      message: "This link has expired. Please go back and open the billing page again.",
    });
  }
  return {
    session,
    configuration: await act.tx.need("billing_portal.configuration", session.configuration),
    customer: await act.tx.need("customer", session.customer),
  };
}

type Verb = "card" | "cancel" | "reactivate" | "pay";

async function liveSubscription(
  act: Act,
  visit: Visit,
  form: Record<string, unknown>,
): Promise<Subscription> {
  const subscription = await act.tx.need("subscription", String(form["subscription"]));
  if (subscription.customer !== visit.customer.id || subscription.ended_at !== null) {
    throw invalid("This subscription has ended.");
  }
  return subscription;
}

const verbs: Record<
  Verb,
  (act: Act, visit: Visit, form: Record<string, unknown>) => Promise<keyof typeof notices>
> = {
  async card(act, { configuration, customer }, form) {
    const way = portalCards.find((option) => option.id === form["way"]);
    if (!configuration.features.payment_method_update.enabled || !way)
      throw invalid("This card cannot be stored.");
    customer.local.card = way.payment.card;
    await act.tx.put(customer);
    return "card";
  },
  async cancel(act, visit, form) {
    const { enabled, mode } = visit.configuration.features.subscription_cancel;
    if (!enabled) throw invalid("Cancelling is not offered here.");
    const subscription = await liveSubscription(act, visit, form);
    if (mode === "immediately") await cancelNow(act, subscription, { invoiceNow: true });
    else await setCancelAtPeriodEnd(act, subscription, true);
    return "cancelled";
  },
  async reactivate(act, visit, form) {
    await setCancelAtPeriodEnd(act, await liveSubscription(act, visit, form), false);
    return "reactivated";
  },
  async pay(act, visit, form) {
    const invoice = await act.tx.need("invoice", String(form["invoice"]));
    if (invoice.customer !== visit.customer.id || invoice.status !== "open")
      throw invalid("This invoice is not open.");
    return (await chargeInvoice(act, invoice)) ? "paid" : "declined";
  },
};

export function portalPage(app: FastifyInstance, deps: PageDeps): void {
  app.get<{ Params: { id: string }; Querystring: { done?: string } }>(
    "/p/session/:id",
    async (request, reply) => {
      const { visit, view } = await deps.store.read(async (tx) => {
        const act = await actNow(tx, deps.settings, null);
        const opened = await openVisit(act, request.params.id);
        return { visit: opened, view: await portalView(act, opened) };
      });
      const business = deps.settings.businessName;
      const { return_url: returnUrl } = visit.session;
      return sendPage(reply, {
        parts: {
          title: "Plan and invoices",
          business,
          back: returnUrl === null ? null : { href: returnUrl, words: `Back to ${business}` },
          narrow: true,
          body: portalBody(visit, view, request.query.done),
        },
      });
    },
  );

  app.post<{ Params: { id: string; verb: string } }>("/p/session/:id/:verb", async (request, reply) => {
    const { id, verb } = request.params;
    if (!Object.hasOwn(verbs, verb)) throw invalid("There is no such action.");
    const form = parseForm(typeof request.body === "string" ? request.body : "");
    const done = await deps.store.write(async (tx) => {
      const act = await actNow(tx, deps.settings, null);
      const result = await verbs[verb as Verb](act, await openVisit(act, id), form); // hasOwn above
      await tx.query(
        "insert into stripe_local.truth_log (method, path, params, status) values ('POST', $1, $2, 200)",
        [`/p/session/${id}/${verb}`, JSON.stringify({ ...form, done: result })],
      );
      return result;
    });
    deps.changed();
    return reply.redirect(`/p/session/${id}?done=${done}`, 303);
  });
}
