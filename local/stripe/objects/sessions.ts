/** Checkout sessions of mode `subscription` on the hosted page. */
import { listOf, type Act } from "../act.ts";
import { expireSession } from "../cycle/pay-session.ts";
import { isMetered } from "../cycle/lines.ts";
import { invalid } from "../errors.ts";
import { newId } from "../ids.ts";
import { mergeMetadata, type Params } from "../params.ts";
import { pageOf, type Route } from "../route.ts";
import type { Session } from "../types.ts";
import { needCustomer } from "./customers.ts";
import { sessionLines } from "./session-lines.ts";

const day = 86_400;

async function readItems(act: Act, params: Params): Promise<Session["local"]["items"]> {
  const groups = params.groups("line_items");
  if (groups.length === 0 || groups.length > 20) {
    throw invalid("`line_items` must hold 1 to 20 recurring prices in `subscription` mode.", {
      param: "line_items",
    });
  }
  const items: Session["local"]["items"] = [];
  for (const [index, group] of groups.entries()) {
    const at = `line_items[${index}]`;
    const price = await act.tx.need("price", group.needText("price"), `${at}[price]`);
    const quantity = group.integer("quantity", { min: 1, max: 999_999 });
    if (!price.active) {
      throw invalid("The price specified is inactive. This field only accepts active prices.", {
        param: `${at}[price]`,
      });
    }
    if (isMetered(price) === (quantity !== undefined)) {
      const message = isMetered(price)
        ? `Quantity should not be specified where usage_type is \`metered\`. Remove quantity from \`${at}\`.`
        : `Quantity is required. Add quantity to \`${at}\`.`;
      throw invalid(message, { param: `${at}[quantity]` });
    }
    items.push({ price: price.id, quantity: quantity ?? null });
  }
  return items;
}

async function createSession(act: Act, params: Params): Promise<Session> {
  params.needChoice("mode", ["subscription"]);
  params.choice("ui_mode", ["hosted_page"]);
  const customerId = params.text("customer");
  const customer = customerId === undefined ? null : await needCustomer(act, customerId);
  if (customer && params.has("customer_email")) {
    throw invalid("You may only specify one of these parameters: customer, customer_email.");
  }
  const subscriptionData = params.group("subscription_data");
  const items = await readItems(act, params);
  const id = newId("cs_test_", 58);
  const session: Session = {
    id,
    object: "checkout.session",
    created: act.now,
    livemode: false,
    mode: "subscription",
    ui_mode: "hosted_page",
    status: "open",
    payment_status: "unpaid",
    url: `${act.settings.publicUrl}/c/pay/${id}`,
    success_url: requireUrl(params, "success_url"),
    cancel_url: params.url("cancel_url") ?? null,
    client_reference_id: params.text("client_reference_id", 200) || null,
    customer: customer?.id ?? null,
    customer_email: customer?.email ?? params.orNull("customer_email"),
    subscription: null,
    invoice: null,
    amount_subtotal: 0,
    amount_total: 0,
    currency: "usd",
    expires_at: readExpiry(act, params),
    metadata: params.map("metadata") ?? {},
    payment_method_types: ["card"],
    local: {
      items,
      subscriptionMetadata: subscriptionData?.map("metadata") ?? {},
      billingMode:
        subscriptionData?.group("billing_mode")?.needChoice("type", ["flexible", "classic"]) ?? "flexible",
      declined: false,
      settlesAt: null,
    },
  };
  await addUp(act, session);
  return act.tx.put(session);
}

async function addUp(act: Act, session: Session): Promise<void> {
  const lines = await sessionLines(act, session);
  session.currency = lines[0]?.currency ?? "usd";
  if (lines.some((line) => line.currency !== session.currency)) {
    throw invalid("All prices on a Checkout Session must share one currency.", { param: "line_items" });
  }
  session.amount_total = lines.reduce((sum, line) => sum + line.amount_total, 0);
  session.amount_subtotal = session.amount_total;
}

function requireUrl(params: Params, key: string): string {
  params.needText(key);
  const url = params.url(key);
  if (url === undefined) throw invalid("Not a valid URL", { code: "url_invalid", param: key });
  return url;
}

/** Stripe: 30 minutes to 24 hours after creation, 24 hours unless said. */
function readExpiry(act: Act, params: Params): number {
  const asked = params.integer("expires_at");
  if (asked === undefined) return act.now + day;
  if (asked < act.now + 1800 - 60 || asked > act.now + day + 60) {
    throw invalid("The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", {
      param: "expires_at",
    });
  }
  return asked;
}

export const sessionRoutes: Route[] = [
  { method: "POST", path: "/v1/checkout/sessions", run: createSession },
  {
    method: "GET",
    path: "/v1/checkout/sessions",
    run: (act, params) =>
      pageOf(act, params, {
        kind: "checkout.session",
        url: "/v1/checkout/sessions",
        where: {
          customer: params.text("customer"),
          subscription: params.text("subscription"),
          status: params.choice("status", ["open", "complete", "expired"]),
        },
      }),
  },
  {
    method: "GET",
    path: "/v1/checkout/sessions/:id",
    run: (act, _params, { id = "" }) => act.tx.need("checkout.session", id, "session"),
  },
  {
    method: "POST",
    path: "/v1/checkout/sessions/:id",
    async run(act, params, { id = "" }) {
      const session = await act.tx.need("checkout.session", id, "session");
      session.metadata = mergeMetadata(session.metadata, params.map("metadata"));
      return act.tx.put(session);
    },
  },
  {
    method: "POST",
    path: "/v1/checkout/sessions/:id/expire",
    async run(act, _params, { id = "" }) {
      const session = await act.tx.need("checkout.session", id, "session");
      if (session.status !== "open") {
        throw invalid(
          `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`,
        );
      }
      await expireSession(act, session);
      return session;
    },
  },
  {
    method: "GET",
    path: "/v1/checkout/sessions/:id/line_items",
    async run(act, params, { id = "" }) {
      params.integer("limit", { min: 1, max: 100 });
      const session = await act.tx.need("checkout.session", id, "session");
      return listOf(await sessionLines(act, session), `/v1/checkout/sessions/${id}/line_items`);
    },
  },
];
