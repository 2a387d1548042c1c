import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { type StripeEvent, verifyEvent, verifyNotification } from "./stripe.ts";
import { insertEvent, type NewStripeEvent } from "./table.ts";

/** Stripe waits; a database that does not answer by then is down, and Stripe comes again. */
const storeWithinMs = 1_800;

/**
 * Verifies, stores, commits, and only then answers. No work is done here: the loop is woken with the
 * commit. A known event changes nothing and is answered the same.
 * @throws {AppError} invalid_input for a forgery, unavailable when nothing was stored in time.
 */
export async function receiveEvent(
  deps: Deps,
  body: Buffer,
  signature: string | undefined,
): Promise<{ received: true }> {
  const event = verifyEvent(deps, body, signature);
  return storeEvent(deps, {
    id: event.id,
    type: event.type,
    customer: customerOf(event),
    created: new Date(event.created * 1000),
    payload: JSON.stringify(outline(event)),
  });
}

/** The same for what Stripe reports of its meters: a notification, whose data is asked for later. */
export async function receiveNotification(
  deps: Deps,
  body: Buffer,
  signature: string | undefined,
): Promise<{ received: true }> {
  const { id, type, created } = verifyNotification(deps, body, signature);
  return storeEvent(deps, {
    id,
    type,
    customer: null,
    created: new Date(created),
    payload: JSON.stringify({ id, type }),
  });
}

/** @throws {AppError} unavailable when the database has not committed in time. */
async function storeEvent(deps: Deps, event: NewStripeEvent): Promise<{ received: true }> {
  const stored = deps.db.transaction().execute(async (trx) => {
    const isNew = await insertEvent(trx, event);
    if (isNew) await deps.events.publish(trx, { kind: "stripe" });
  });
  const waiting = new AbortController();
  const late = deps.clock.sleep(storeWithinMs, waiting.signal).then(() => {
    throw new AppError("unavailable", "The event could not be stored in time. Please send it again.");
  });
  // Whichever loses the race is heard here; what wins is what this function answers.
  late.catch(() => undefined);
  stored.catch(() => undefined);
  try {
    await Promise.race([stored, late]);
  } finally {
    waiting.abort();
  }
  return { received: true };
}

/** Whom the event is about: the one thing of it that is believed. */
export function customerOf(event: StripeEvent): string | null {
  // Hundreds of shapes; each names its customer by id, as an object, or is one.
  const object = event.data.object as {
    object?: string;
    id?: string;
    customer?: string | { id?: string } | null;
  };
  if (object.object === "customer") return object.id ?? null;
  return (typeof object.customer === "object" ? object.customer?.id : object.customer) ?? null;
}

/** Ids and words of state for whoever reads the table; addresses and names stay at Stripe. */
function outline(event: StripeEvent): Record<string, unknown> {
  const object = event.data.object as unknown as Record<string, unknown>; // as above
  const kept = [
    "id",
    "object",
    "customer",
    "subscription",
    "status",
    "payment_status",
    "client_reference_id",
    "billing_reason",
  ];
  const plain = kept.flatMap((key) => (typeof object[key] === "string" ? [[key, object[key]]] : []));
  return {
    id: event.id,
    type: event.type,
    api_version: event.api_version,
    object: Object.fromEntries(plain),
  };
}
