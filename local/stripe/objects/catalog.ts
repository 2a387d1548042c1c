/** Products and prices. */
import { emit, type Act } from "../act.ts";
import { formatDecimal, parseDecimal } from "../decimal.ts";
import { invalid } from "../errors.ts";
import { newId } from "../ids.ts";
import { mergeMetadata, type Params } from "../params.ts";
import { pageOf, type Route } from "../route.ts";
import type { Price, Product } from "../types.ts";

const productRoutes: Route[] = [
  {
    method: "POST",
    path: "/v1/products",
    async run(act, params) {
      const id = params.text("id") ?? newId("prod_", 14);
      if (await act.tx.findAny(id)) {
        throw invalid("Product already exists.", { code: "resource_already_exists", param: "id" });
      }
      const product: Product = {
        id,
        object: "product",
        created: act.now,
        livemode: false,
        name: params.needText("name"),
        description: params.orNull("description"),
        active: params.flag("active") ?? true,
        metadata: params.map("metadata") ?? {},
        unit_label: params.orNull("unit_label"),
        images: [],
        type: "service",
        updated: act.now,
      };
      await act.tx.put(product);
      await emit(act, "product.created", product);
      return product;
    },
  },
  {
    method: "GET",
    path: "/v1/products",
    run(act, params) {
      const ids = params.texts("ids");
      const where = { active: params.flag("active"), id: ids.length > 0 ? ids : undefined };
      return pageOf(act, params, { kind: "product", url: "/v1/products", where });
    },
  },
  { method: "GET", path: "/v1/products/:id", run: (act, _params, { id = "" }) => act.tx.need("product", id) },
  {
    method: "POST",
    path: "/v1/products/:id",
    async run(act, params, { id = "" }) {
      const product = await act.tx.need("product", id);
      product.name = params.text("name") || product.name;
      if (params.has("description")) product.description = params.orNull("description");
      if (params.has("unit_label")) product.unit_label = params.orNull("unit_label");
      product.active = params.flag("active") ?? product.active;
      product.metadata = mergeMetadata(product.metadata, params.map("metadata"));
      product.updated = act.now;
      await act.tx.put(product);
      await emit(act, "product.updated", product);
      return product;
    },
  },
];

/** Whole cents, or a decimal string of cents: exactly one of the two. */
function readAmount(params: Params): { unit_amount: number | null; unit_amount_decimal: string } {
  const whole = params.integer("unit_amount", { min: 0, max: 99_999_999 });
  const text = params.text("unit_amount_decimal");
  if ((whole === undefined) === (text === undefined)) {
    throw invalid("Specify exactly one of `unit_amount` and `unit_amount_decimal`.", {
      param: "unit_amount",
    });
  }
  if (whole !== undefined) return { unit_amount: whole, unit_amount_decimal: String(whole) };
  const units = parseDecimal(text ?? "");
  if (units === undefined || units < 0n) {
    throw invalid(`Invalid decimal: ${text}; must have at most 12 decimal places`, {
      param: "unit_amount_decimal",
    });
  }
  const exact = formatDecimal(units);
  return { unit_amount: exact.includes(".") ? null : Number(exact), unit_amount_decimal: exact };
}

async function readRecurring(act: Act, params: Params): Promise<Price["recurring"]> {
  const recurring = params.needGroup("recurring");
  const usageType = recurring.choice("usage_type", ["licensed", "metered"]) ?? "licensed";
  const meterId = recurring.text("meter");
  if ((usageType === "metered") !== (meterId !== undefined)) {
    throw invalid(
      "Prices with `recurring[usage_type]=metered` must be backed by a meter, and only those may be.",
      {
        param: "recurring[meter]",
      },
    );
  }
  if (meterId !== undefined) {
    const meter = await act.tx.need("billing.meter", meterId, "recurring[meter]");
    if (meter.status !== "active")
      throw invalid(`The meter ${meterId} is not active.`, { param: "recurring[meter]" });
  }
  return {
    interval: recurring.needChoice("interval", ["day", "week", "month", "year"]),
    interval_count: recurring.integer("interval_count", { min: 1, max: 36 }) ?? 1,
    usage_type: usageType,
    meter: meterId ?? null,
    trial_period_days: null,
  };
}

async function takeLookupKey(act: Act, key: string | null, transfer: boolean): Promise<void> {
  if (key === null) return;
  const [holder] = await act.tx.all("price", { lookup_key: key }, 1);
  if (!holder) return;
  if (!transfer) {
    throw invalid(`A price (\`${holder.id}\`) already uses that lookup key.`, {
      code: "resource_already_exists",
      param: "lookup_key",
    });
  }
  await act.tx.put({ ...holder, lookup_key: null });
}

const priceRoutes: Route[] = [
  {
    method: "POST",
    path: "/v1/prices",
    async run(act, params) {
      const product = await act.tx.need("product", params.needText("product"), "product");
      const lookupKey = params.orNull("lookup_key");
      await takeLookupKey(act, lookupKey, params.flag("transfer_lookup_key") ?? false);
      const price: Price = {
        id: newId("price_"),
        object: "price",
        created: act.now,
        livemode: false,
        product: product.id,
        active: params.flag("active") ?? true,
        currency: params.needChoice("currency", ["usd", "eur"]),
        type: "recurring",
        billing_scheme: params.choice("billing_scheme", ["per_unit"]) ?? "per_unit",
        ...readAmount(params),
        recurring: await readRecurring(act, params),
        lookup_key: lookupKey,
        nickname: params.orNull("nickname"),
        metadata: params.map("metadata") ?? {},
      };
      await act.tx.put(price);
      await emit(act, "price.created", price);
      return price;
    },
  },
  {
    method: "GET",
    path: "/v1/prices",
    run(act, params) {
      const keys = params.texts("lookup_keys");
      const where = {
        product: params.text("product"),
        active: params.flag("active"),
        currency: params.text("currency"),
        lookup_key: keys.length > 0 ? keys : undefined,
      };
      return pageOf(act, params, { kind: "price", url: "/v1/prices", where });
    },
  },
  { method: "GET", path: "/v1/prices/:id", run: (act, _params, { id = "" }) => act.tx.need("price", id) },
  {
    method: "POST",
    path: "/v1/prices/:id",
    async run(act, params, { id = "" }) {
      const price = await act.tx.need("price", id);
      price.active = params.flag("active") ?? price.active;
      if (params.has("nickname")) price.nickname = params.orNull("nickname");
      const transfer = params.flag("transfer_lookup_key") ?? false;
      if (params.has("lookup_key") && params.orNull("lookup_key") !== price.lookup_key) {
        await takeLookupKey(act, params.orNull("lookup_key"), transfer);
        price.lookup_key = params.orNull("lookup_key");
      }
      price.metadata = mergeMetadata(price.metadata, params.map("metadata"));
      await act.tx.put(price);
      await emit(act, "price.updated", price);
      return price;
    },
  },
];

export const catalogRoutes: Route[] = [...productRoutes, ...priceRoutes];
