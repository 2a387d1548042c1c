import type { ModelPrice } from "@molt/contract";
import type { ModelApi, Provider } from "./providers.ts";
import type { Target } from "./upstream.ts";

/** One way to have a model answered: a provider, one of its keys, and what it charges. */
export interface Route extends Target {
  price: ModelPrice;
}

export interface RouteQuery {
  api: ModelApi;
  model: string;
  /** ISO day the price is for. */
  day: string;
}

/** Every key of every provider that serves the model in this format, in the order to try them. */
export function findRoutes(providers: readonly Provider[], { api, model, day }: RouteQuery): Route[] {
  return providers.flatMap((provider) => {
    const price = provider.apis.includes(api) ? provider.price(model, day) : undefined;
    return price ? provider.keys.map((key) => ({ provider, key, price })) : [];
  });
}

export interface ServedModel {
  id: string;
  provider: Provider;
  price: ModelPrice;
}

/** Every model that can be asked for, once, at the first provider that serves it. */
export function servedModels(providers: readonly Provider[], day: string): ServedModel[] {
  const served = new Map<string, ServedModel>();
  for (const provider of providers)
    for (const id of provider.models) {
      const price = served.has(id) ? undefined : provider.price(id, day);
      if (price) served.set(id, { id, provider, price });
    }
  return [...served.values()];
}
