/**
 * What we sell, found at Stripe or made there: the plan, the meter and the price of its unit. Found
 * by lookup key, so a second run and a second worker find what the first made.
 */
import type { Config } from "../config.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import {
  decimal,
  isAlreadyThere,
  isMissing,
  stableKey,
  stripeOf,
  type StripePrice,
  withStripe,
} from "./stripe.ts";

/** Sums whole micro-dollars of provider cost; a customer's invoice shows that sum as its quantity. */
export const meterEventName = "ai_cost_microusd";

/** $50 a month (founding document, "Pricing"). */
const basePrice = { lookupKey: "molt_base", cents: 5000 };
/** One micro-dollar is 0.0001 cent, times 1.2 (founding document, "Pricing"). */
const usagePrice = { lookupKey: "molt_usage", centsDecimal: "0.00012" };

const products = {
  base: {
    id: "molt_os",
    name: "Molt-OS",
    description: "An AI agent of your own, in its own machine in the cloud.",
  },
  usage: {
    id: "molt_usage",
    name: "Model usage",
    description: "What the model providers charge, times 1.2. Nothing while your bot rests.",
    unit_label: "micro-dollar",
  },
};

export interface Catalog {
  basePrice: string;
  usagePrice: string;
  meter: string;
}

const known = new WeakMap<Config, Catalog>();

/** Forgets what was found, when Stripe no longer accepts it. */
export function forgetCatalog({ config }: Pick<Deps, "config">): void {
  known.delete(config);
}

/**
 * Idempotent. Remembered for the life of the process once it succeeded.
 * @throws {AppError} unavailable, or upstream_failed when a lookup key holds another price: nobody
 * is charged an amount that is not ours.
 */
export async function ensureCatalog(deps: Deps): Promise<Catalog> {
  const remembered = known.get(deps.config);
  if (remembered) return remembered;
  const catalog = await withStripe(async () => {
    const found = await findPrices(deps);
    const meter = await ensureMeter(deps, found.meter);
    return {
      meter,
      basePrice: found.prices.get(basePrice.lookupKey) ?? (await createBasePrice(deps)),
      usagePrice: found.prices.get(usagePrice.lookupKey) ?? (await createUsagePrice(deps, meter)),
    };
  });
  known.set(deps.config, catalog);
  return catalog;
}

/** The prices by lookup key, and the meter that the usage price reads. */
async function findPrices(deps: Deps): Promise<{ prices: Map<string, string>; meter: string | undefined }> {
  const { data } = await stripeOf(deps).prices.list({
    lookup_keys: [basePrice.lookupKey, usagePrice.lookupKey],
    active: true,
    limit: 10,
  });
  const prices = new Map(data.map((price) => [checkPrice(price), price.id]));
  const usage = data.find((price) => price.lookup_key === usagePrice.lookupKey);
  return { prices, meter: usage?.recurring?.meter ?? undefined };
}

/** The lookup key of a price that is what the product charges. */
function checkPrice(price: StripePrice): string {
  const { lookup_key: key, unit_amount_decimal: amount, currency, recurring } = price;
  const expected = key === basePrice.lookupKey ? String(basePrice.cents) : usagePrice.centsDecimal;
  const usageType = key === basePrice.lookupKey ? "licensed" : "metered";
  if (
    key === null ||
    amount?.toString() !== expected ||
    currency !== "usd" ||
    recurring?.interval !== "month" ||
    recurring.usage_type !== usageType
  ) {
    throw new AppError("upstream_failed", "Payments are not set up correctly yet. It has been noted.", {
      detail: { lookupKey: key, price: price.id, amount: amount?.toString() ?? null, expected },
    });
  }
  return key;
}

/**
 * The price's own meter, which must count: events for another one of the same name would be accepted
 * and charged to nobody.
 */
async function ensureMeter(deps: Deps, priced: string | undefined): Promise<string> {
  const stripe = stripeOf(deps);
  if (priced !== undefined) {
    const meter = await stripe.billing.meters.retrieve(priced);
    const { status, event_name: name, default_aggregation: how } = meter;
    if (status === "active" && name === meterEventName && how.formula === "sum") return meter.id;
    throw new AppError("upstream_failed", "Payments are not set up correctly yet. It has been noted.", {
      detail: {
        meter: meter.id,
        status,
        name,
        formula: how.formula,
        expected: `active ${meterEventName}, sum`,
      },
    });
  }
  const { data } = await stripe.billing.meters.list({ status: "active", limit: 100 });
  const found = data.find((meter) => meter.event_name === meterEventName);
  if (found) return found.id;
  const params = {
    display_name: "AI cost in micro-dollars",
    event_name: meterEventName,
    default_aggregation: { formula: "sum" as const },
    customer_mapping: { event_payload_key: "stripe_customer_id", type: "by_id" as const },
    value_settings: { event_payload_key: "value" },
  };
  const made = await stripe.billing.meters.create(params, {
    idempotencyKey: stableKey("catalog/meter", params),
  });
  return made.id;
}

async function ensureProduct(deps: Deps, product: (typeof products)[keyof typeof products]): Promise<string> {
  const stripe = stripeOf(deps);
  try {
    return (await stripe.products.retrieve(product.id)).id;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    return (await stripe.products.create(product, { idempotencyKey: stableKey("catalog/product", product) }))
      .id;
  } catch (error) {
    // Another worker was quicker; the id is chosen by us, so it is the same product.
    if (isAlreadyThere(error)) return product.id;
    throw error;
  }
}

async function createBasePrice(deps: Deps): Promise<string> {
  const params = {
    product: await ensureProduct(deps, products.base),
    currency: "usd",
    unit_amount: basePrice.cents,
    recurring: { interval: "month" as const },
    lookup_key: basePrice.lookupKey,
  };
  const price = await stripeOf(deps).prices.create(params, {
    idempotencyKey: stableKey("catalog/price", params),
  });
  return price.id;
}

async function createUsagePrice(deps: Deps, meter: string): Promise<string> {
  const params = {
    product: await ensureProduct(deps, products.usage),
    currency: "usd",
    recurring: { interval: "month" as const, usage_type: "metered" as const, meter },
    lookup_key: usagePrice.lookupKey,
  };
  const price = await stripeOf(deps).prices.create(
    { ...params, unit_amount_decimal: decimal(usagePrice.centsDecimal) },
    { idempotencyKey: stableKey("catalog/price", { ...params, amount: usagePrice.centsDecimal }) },
  );
  return price.id;
}
