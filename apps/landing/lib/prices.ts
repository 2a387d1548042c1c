/** The ledger's own price list, read while the pages are built: what is shown is what is charged. */
import { priceSnapshot } from "../../../packages/contract/src/prices.data.ts";
import { priceOf } from "../../../packages/contract/src/prices.ts";
import type { PricedModel } from "./estimate.ts";

export const priceVersion = `${priceSnapshot.version} (${priceSnapshot.day})`;

const providers: Record<string, string> = {
  anthropic: "Anthropic",
  openai: "OpenAI",
  openrouter: "OpenRouter",
};

/** Models that are asked directly at their maker come first, OpenRouter's after them; newest names first. */
export function listPrices(): PricedModel[] {
  const list = priceSnapshot.models.flatMap(({ id, provider }): PricedModel[] => {
    const price = priceOf(id);
    const maker = providers[provider];
    if (!price || !maker) return [];
    const { input, output, cacheRead, cacheWrite, cacheWrite1h, long } = price;
    return [{ id, provider: maker, input, output, cacheRead, cacheWrite, cacheWrite1h, long }];
  });
  const order = Object.values(providers);
  return list.toSorted(
    (a, b) =>
      order.indexOf(a.provider) - order.indexOf(b.provider) ||
      b.id.localeCompare(a.id, "en", { numeric: true }),
  );
}
