import type { Act } from "../act.ts";
import { isMetered } from "../cycle/lines.ts";
import { lineAmount } from "../decimal.ts";
import type { Session } from "../types.ts";

/** The line items of a checkout session; metered ones cost nothing today. */
export async function sessionLines(act: Act, session: Session) {
  const lines = [];
  for (const [index, { price: priceId, quantity }] of session.local.items.entries()) {
    const price = await act.tx.need("price", priceId);
    const product = await act.tx.need("product", price.product);
    const amount = isMetered(price) ? 0 : lineAmount(String(quantity ?? 1), price.unit_amount_decimal);
    lines.push({
      id: `li_${session.id.slice(-12)}${index}`,
      object: "item" as const,
      amount_discount: 0,
      amount_subtotal: amount,
      amount_tax: 0,
      amount_total: amount,
      currency: price.currency,
      description: price.nickname ?? product.name,
      metadata: {},
      price,
      quantity,
    });
  }
  return lines;
}
