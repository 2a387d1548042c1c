/** What every change has at hand: its transaction, its moment, and the events it causes. */
import { newId } from "./ids.ts";
import type { Tx } from "./store.ts";
import type { Documents, Kind, List, StripeEvent } from "./types.ts";

/** The API version npm `stripe@23.1.0` pins, hence the one our events are rendered in. */
export const apiVersion = "2026-10-28.endive";

export interface Settings {
  /** What hosted pages start with, without a trailing slash. */
  publicUrl: string;
  businessName: string;
  /** What becomes of a subscription whose retries are exhausted. */
  exhausted: "canceled" | "unpaid";
}

export interface Act {
  tx: Tx;
  /** Unix seconds of the billing clock. */
  now: number;
  settings: Settings;
  request: { id: string; idempotencyKey: string | null } | null;
}

/** The wire form: without the stand-in's own memory. */
export function render(object: unknown): unknown {
  if (Array.isArray(object)) return object.map(render);
  if (typeof object !== "object" || object === null) return object;
  return Object.fromEntries(
    Object.entries(object)
      .filter(([key]) => key !== "local")
      .map(([key, value]) => [key, render(value)]),
  );
}

/** An object and what some of its fields were before. */
export interface Change {
  object: Documents[Kind];
  previous: Record<string, unknown>;
}

/**
 * Stores an event and one delivery for every endpoint that asked for its type. They leave only after
 * the transaction has committed, so nobody hears of what did not happen.
 */
export async function emit(act: Act, type: string, about: Documents[Kind] | Change): Promise<void> {
  const { object, previous } = "previous" in about ? about : { object: about, previous: undefined };
  const endpoints = await act.tx.all("webhook_endpoint", { status: "enabled" }, 100);
  const wanted = endpoints.filter((e) => e.enabled_events.includes("*") || e.enabled_events.includes(type));
  const event: StripeEvent = {
    id: newId("evt_"),
    object: "event",
    type,
    api_version: apiVersion,
    created: act.now,
    livemode: false,
    data: { object: render(object), ...(previous ? { previous_attributes: previous } : {}) },
    pending_webhooks: wanted.length,
    request: { id: act.request?.id ?? null, idempotency_key: act.request?.idempotencyKey ?? null },
  };
  await act.tx.put(event);
  for (const endpoint of wanted) {
    await act.tx.query("insert into stripe_local.deliveries (event_id, endpoint_id) values ($1, $2)", [
      event.id,
      endpoint.id,
    ]);
  }
}

export function listOf<T>(data: T[], url: string, hasMore = false): List<T> {
  return { object: "list", data, has_more: hasMore, url };
}
