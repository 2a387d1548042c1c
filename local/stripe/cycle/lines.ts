/** The lines of an invoice: the base price in advance, metered usage afterwards. */
import type { Act } from "../act.ts";
import { formatDecimal, lineAmount, parseDecimal } from "../decimal.ts";
import { newId } from "../ids.ts";
import type { Line, Price, Subscription, SubscriptionItem } from "../types.ts";
import { sumUsage } from "./usage.ts";

export interface Span {
  start: number;
  end: number;
}

const symbols: Record<string, string> = { usd: "$", eur: "€" };

/** "$50.00", "$0.0000012": cents as dollars, at least two decimals, exact. */
export function money(cents: string | number, currency: string): string {
  const [whole = "0", fraction = ""] = formatDecimal((parseDecimal(String(cents)) ?? 0n) / 100n).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return `${symbols[currency] ?? `${currency.toUpperCase()} `}${grouped}.${fraction.padEnd(2, "0")}`;
}

export function isMetered(price: Price): boolean {
  return price.recurring.usage_type === "metered";
}

function line(
  owner: { invoice: string; item: SubscriptionItem; span: Span },
  quantity: string,
  name: string,
): Line {
  const { price } = owner.item;
  const amount = lineAmount(quantity, price.unit_amount_decimal);
  return {
    id: newId("il_"),
    object: "line_item",
    amount,
    subtotal: amount,
    currency: price.currency,
    description: `${Number(quantity).toLocaleString("en-US")} × ${name} (at ${money(price.unit_amount_decimal, price.currency)} / ${price.recurring.interval})`,
    invoice: owner.invoice,
    livemode: false,
    metadata: {},
    period: owner.span,
    quantity: Math.round(Number(quantity)),
    quantity_decimal: quantity,
    pricing: {
      type: "price_details",
      unit_amount_decimal: price.unit_amount_decimal,
      price_details: { price: price.id, product: price.product },
    },
    parent: {
      type: "subscription_item_details",
      subscription_item_details: {
        subscription: owner.item.subscription,
        subscription_item: owner.item.id,
        proration: false,
      },
    },
  };
}

async function nameOf(act: Act, price: Price): Promise<string> {
  return price.nickname ?? (await act.tx.need("product", price.product)).name;
}

export async function baseLines(
  act: Act,
  owner: { invoice: string; subscription: Subscription; span: Span },
): Promise<Line[]> {
  const lines: Line[] = [];
  for (const item of owner.subscription.items.data) {
    if (isMetered(item.price)) continue;
    lines.push(line({ ...owner, item }, String(item.quantity ?? 1), await nameOf(act, item.price)));
  }
  return lines;
}

/** One line for each metered item, usage of zero included, as Stripe writes them. */
export async function usageLines(
  act: Act,
  owner: { invoice: string; subscription: Subscription; span: Span },
): Promise<Line[]> {
  const lines: Line[] = [];
  for (const item of owner.subscription.items.data) {
    if (item.price.recurring.meter === null) continue;
    const meter = await act.tx.need("billing.meter", item.price.recurring.meter);
    const { start, end } = owner.span;
    const total = await sumUsage(act.tx, meter, {
      customer: owner.subscription.customer,
      from: start,
      to: end,
    });
    lines.push(line({ ...owner, item }, total ?? "0", await nameOf(act, item.price)));
  }
  return lines;
}
