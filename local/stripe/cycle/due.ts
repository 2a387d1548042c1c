/**
 * What time itself does: periods end, drafts become final, cards are tried again, sessions expire.
 * `runDue` takes the boundaries in their order, each at its own moment, so that a jump of a month
 * causes what the month would have caused.
 */
import { emit, type Act } from "../act.ts";
import { addIntervals, billingNow, moveClockTo } from "../clock.ts";
import type { Store, Tx } from "../store.ts";
import type { Invoice, Session, Subscription } from "../types.ts";
import { cancelNow, periodEnd } from "./cancel.ts";
import { chargeInvoice, createInvoice, finalizeInvoice, newInvoiceId } from "./invoicing.ts";
import { baseLines, usageLines } from "./lines.ts";
import { expireSession, settleSession } from "./pay-session.ts";

/** Usage of a closed period is accepted for this long before its invoice is locked (Stripe: 1 h by default). */
const graceSeconds = 3600;
/** Boundaries taken in one call: two years of one subscription fit many times. */
const maxSteps = 10_000;

const dueQuery = `
select kind, id, at from (
  select kind, id, (body ->> 'expires_at')::bigint as at from stripe_local.objects
    where kind = 'checkout.session' and body ->> 'status' = 'open'
  union all
  select kind, id, (body #>> '{local,settlesAt}')::bigint from stripe_local.objects
    where kind = 'checkout.session' and body ->> 'status' = 'complete' and body #>> '{local,settlesAt}' is not null
  union all
  select kind, id, (body #>> '{items,data,0,current_period_end}')::bigint from stripe_local.objects
    where kind = 'subscription' and body ->> 'status' in ('active', 'past_due', 'unpaid')
  union all
  select kind, id, (body ->> 'automatically_finalizes_at')::bigint from stripe_local.objects
    where kind = 'invoice' and body ->> 'status' = 'draft' and body ->> 'automatically_finalizes_at' is not null
  union all
  select kind, id, (body ->> 'next_payment_attempt')::bigint from stripe_local.objects
    where kind = 'invoice' and body ->> 'status' = 'open' and body ->> 'next_payment_attempt' is not null
) due where at <= $1 order by at, kind, id limit 1`;

/** Takes every boundary up to `until` (default: now) and answers how many there were. */
export async function runDue(store: Store, settings: Act["settings"], until?: number): Promise<number> {
  for (let steps = 0; steps < maxSteps; steps += 1) {
    const taken = await store.write(async (tx) => {
      const [next] = await tx.query<{ kind: string; id: string; at: string }>(dueQuery, [
        until ?? (await billingNow(tx)),
      ]);
      if (!next) {
        if (until !== undefined) await moveClockTo(tx, until);
        return false;
      }
      if (until !== undefined) await moveClockTo(tx, Number(next.at));
      await takeBoundary({ tx, now: Number(next.at), settings, request: null }, next);
      return true;
    });
    if (!taken) return steps;
  }
  throw new RangeError(`more than ${maxSteps} boundaries in one step of the clock; advance in smaller steps`);
}

async function takeBoundary(act: Act, next: { kind: string; id: string }): Promise<void> {
  if (next.kind === "checkout.session")
    return sessionBoundary(act, await act.tx.need("checkout.session", next.id));
  if (next.kind === "subscription") return endPeriod(act, await act.tx.need("subscription", next.id));
  return invoiceBoundary(act, await act.tx.need("invoice", next.id));
}

async function sessionBoundary(act: Act, session: Session): Promise<void> {
  if (session.status === "open") return expireSession(act, session);
  const customer = session.customer === null ? undefined : await act.tx.find("customer", session.customer);
  return settleSession(act, session, customer?.local.card?.works ?? false);
}

async function endPeriod(act: Act, subscription: Subscription): Promise<void> {
  const closed = {
    start: subscription.items.data[0]?.current_period_start ?? 0,
    end: periodEnd(subscription),
  };
  if (subscription.cancel_at_period_end) return cancelNow(act, subscription, { invoiceNow: true });
  const periods = subscription.items.data.map((i) => i.current_period_end);
  for (const item of subscription.items.data) {
    item.current_period_start = item.current_period_end;
    item.current_period_end = nextEnd(subscription.billing_cycle_anchor, item);
  }
  const id = newInvoiceId();
  const span = { start: closed.end, end: periodEnd(subscription) };
  const lines = [
    ...(await usageLines(act, { invoice: id, subscription, span: closed })),
    ...(await baseLines(act, { invoice: id, subscription, span })),
  ];
  const finalizesAt = subscription.status === "unpaid" ? null : act.now + graceSeconds;
  await createInvoice(act, subscription, {
    id,
    reason: "subscription_cycle",
    lines,
    span: closed,
    finalizesAt,
  });
  await emit(act, "customer.subscription.updated", {
    object: subscription,
    previous: { items: { current_period_end: periods } },
  });
}

function nextEnd(anchor: number, item: Subscription["items"]["data"][number]): number {
  const { interval, interval_count: count } = item.price.recurring;
  for (let n = 1; n < maxSteps; n += 1) {
    const end = addIntervals(anchor, interval, n * count);
    if (end > item.current_period_start) return end;
  }
  throw new RangeError("a subscription older than the stand-in can count");
}

async function invoiceBoundary(act: Act, invoice: Invoice): Promise<void> {
  if (invoice.status === "draft") await finalizeInvoice(act, invoice);
  await chargeInvoice(act, invoice);
}

/** The moment of an act outside the clock's own steps. */
export async function actNow(tx: Tx, settings: Act["settings"], request: Act["request"]): Promise<Act> {
  return { tx, now: await billingNow(tx), settings, request };
}
