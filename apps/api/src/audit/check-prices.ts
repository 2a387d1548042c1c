/** Each settled call against the price table that the proxy reads. */
import { type ModelPrice, priceOf } from "@molt/contract";
import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import type { Check } from "./check.ts";
import { checkCosts, type PricedModel, type PriceRow, selectPricedModels } from "./table.ts";

/** A day before every price. */
const FIRST_DAY = "0000-01-01";

/**
 * Calls at prices that the table no longer holds, or that the operator set (MOLT_MODEL_PRICES), cannot
 * be computed again: the note says how many.
 */
export async function checkPrices(db: Kysely<Database>): Promise<Check> {
  const used = await selectPricedModels(db);
  const unknown: PricedModel[] = [];
  const rows: PriceRow[] = [];
  for (const one of used) {
    const price = priceAt(one);
    if (price) rows.push(...rowsOf(one, price));
    else unknown.push(one);
  }
  const check = await checkCosts(db, rows);
  if (unknown.length === 0) return check;
  const calls = unknown.reduce((sum, one) => sum + one.calls, 0);
  const names = [...new Set(unknown.map((one) => one.version))].slice(0, 5).join(", ");
  return {
    ...check,
    note: `${calls} calls at prices this copy does not know (${names}) were not computed again`,
  };
}

/** The version names the snapshot, and the day from which the price counts where there is one. */
function priceAt({ model, version }: PricedModel): ModelPrice | undefined {
  const [, from = FIRST_DAY] = version.split("+");
  const price = priceOf(model, from);
  return price?.version === version ? price : undefined;
}

function rowsOf({ model, version }: PricedModel, price: ModelPrice): PriceRow[] {
  const { long } = price;
  const row = (
    unit: Omit<typeof price, "long"> | NonNullable<typeof long>,
  ): Omit<PriceRow, "above" | "up_to"> => ({
    model,
    version,
    input: unit.input,
    output: unit.output,
    cache_read: unit.cacheRead,
    cache_write: unit.cacheWrite,
    cache_write_1h: unit.cacheWrite1h,
  });
  if (!long) return [{ ...row(price), above: null, up_to: null }];
  return [
    { ...row(price), above: null, up_to: long.above },
    { ...row(long), above: long.above, up_to: null },
  ];
}
