import { emit, listOf } from "../act.ts";
import { cancelNow, setCancelAtPeriodEnd } from "../cycle/cancel.ts";
import { invalid, missing } from "../errors.ts";
import { mergeMetadata } from "../params.ts";
import { pageOf, type Route } from "../route.ts";

const statuses = [
  "incomplete",
  "incomplete_expired",
  "trialing",
  "active",
  "past_due",
  "unpaid",
  "canceled",
  "paused",
] as const;
const ended = ["canceled", "incomplete_expired"];

export const subscriptionRoutes: Route[] = [
  {
    method: "GET",
    path: "/v1/subscriptions",
    run(act, params) {
      const status = params.choice("status", [...statuses, "all", "ended"]);
      // Without a status Stripe leaves out the cancelled ones.
      const wanted = {
        all: undefined,
        ended,
        none: statuses.filter((s) => !ended.includes(s)),
      };
      const where =
        status === undefined ? wanted.none : status === "all" || status === "ended" ? wanted[status] : status;
      return pageOf(act, params, {
        kind: "subscription",
        url: "/v1/subscriptions",
        where: { customer: params.text("customer"), status: where },
      });
    },
  },
  {
    method: "GET",
    path: "/v1/subscriptions/:id",
    run: (act, _params, { id = "" }) => act.tx.need("subscription", id),
  },
  {
    method: "POST",
    path: "/v1/subscriptions/:id",
    async run(act, params, { id = "" }) {
      const subscription = await act.tx.need("subscription", id);
      const cancel = params.flag("cancel_at_period_end");
      const metadata = params.map("metadata");
      if (subscription.ended_at !== null && cancel !== undefined) {
        throw invalid("A canceled subscription can only update its cancellation_details and metadata.");
      }
      if (metadata) {
        const previous = { metadata: subscription.metadata };
        subscription.metadata = mergeMetadata(subscription.metadata, metadata);
        await act.tx.put(subscription);
        await emit(act, "customer.subscription.updated", { object: subscription, previous });
      }
      if (cancel !== undefined) await setCancelAtPeriodEnd(act, subscription, cancel);
      return subscription;
    },
  },
  {
    method: "DELETE",
    path: "/v1/subscriptions/:id",
    async run(act, params, { id = "" }) {
      const subscription = await act.tx.need("subscription", id);
      const invoiceNow = params.flag("invoice_now") ?? false;
      if (params.flag("prorate"))
        throw invalid("Proration is not offered by this account.", { param: "prorate" });
      if (subscription.ended_at !== null) throw missing("subscription", id);
      await cancelNow(act, subscription, { invoiceNow });
      return subscription;
    },
  },
  {
    method: "GET",
    path: "/v1/subscription_items",
    async run(act, params) {
      const subscription = await act.tx.need("subscription", params.needText("subscription"), "subscription");
      params.integer("limit", { min: 1, max: 100 });
      return listOf(subscription.items.data, `/v1/subscription_items?subscription=${subscription.id}`);
    },
  },
];
