import type { Deps } from "../deps.ts";
import { handleMeterReport } from "./handle-meter-report.ts";
import { syncSubscription } from "./sync-subscription.ts";
import { claimEvents, type ClaimedEvent, finishEvents, postponeEvents } from "./table.ts";

const batch = 50;
/** With the back-off about a week, longer than Stripe itself keeps trying. */
const maxAttempts = 180;

/** Types after which the truth about a customer may be another. */
const matters = [
  /^checkout\.session\./,
  /^customer\.subscription\./,
  /^invoice\./,
  /^customer\.(deleted|updated)$/,
];
/** What Stripe's meters report; these come without data and name no customer. */
const meterReport = /^v1\.billing\.meter\./;
/** Types that a person has to look at. */
const alarms = [/^charge\.dispute\.created$/, /^charge\.refunded$/, /^invoice\.finalization_failed$/];

/**
 * Takes stored events and looks at Stripe once for each customer they name. Safe on two workers: an
 * event is claimed for a while, and a second look changes nothing. One customer that fails holds up
 * no other; its events come back later, and after `maxAttempts` a person is told.
 */
export async function handleStripeEvents(deps: Deps, signal: AbortSignal): Promise<string> {
  let handled = 0;
  while (!signal.aborted) {
    const events = await claimEvents(deps.db, batch);
    for (const event of events) {
      if (alarms.some((type) => type.test(event.type))) {
        deps.log.error(
          { event: event.id, type: event.type, customer: event.customer },
          "Stripe reports what a person must decide",
        );
      }
    }
    const [reports, others] = partition(events, (event) => meterReport.test(event.type));
    for (const report of reports) {
      if (signal.aborted) break;
      await handleOne(deps, [report], () => handleMeterReport(deps, report.id));
    }
    const [relevant, rest] = split(others);
    await finishEvents(deps.db, rest, { state: "ignored", note: "nothing follows from this type" });
    for (const [customer, ids] of relevant) {
      if (signal.aborted) break;
      await handleCustomer(deps, customer, ids);
    }
    handled += events.length;
    if (events.length < batch) break;
  }
  return handled === 0 ? "" : `handled ${handled} Stripe events`;
}

function split(events: readonly ClaimedEvent[]): [Map<string, ClaimedEvent[]>, string[]] {
  const relevant = new Map<string, ClaimedEvent[]>();
  const rest: string[] = [];
  for (const event of events) {
    if (event.customer === null || !matters.some((type) => type.test(event.type))) rest.push(event.id);
    else relevant.set(event.customer, [...(relevant.get(event.customer) ?? []), event]);
  }
  return [relevant, rest];
}

function partition<T>(all: readonly T[], test: (one: T) => boolean): [T[], T[]] {
  return [all.filter(test), all.filter((one) => !test(one))];
}

async function handleCustomer(deps: Deps, customer: string, events: ClaimedEvent[]): Promise<void> {
  await handleOne(deps, events, async () => {
    const status = await syncSubscription(deps, customer);
    if (status !== undefined) return { state: "done", note: `the plan is ${status}` };
    const ids = events.map((event) => event.id);
    deps.log.warn({ customer, events: ids }, "signed events about a customer that is none of ours");
    return { state: "ignored", note: "the customer is none of ours" };
  });
}

/** Events that are one matter: done together, or tried again together. */
async function handleOne(
  deps: Deps,
  events: readonly ClaimedEvent[],
  work: () => Promise<{ state: "done" | "ignored"; note: string }>,
): Promise<void> {
  const ids = events.map((event) => event.id);
  try {
    await finishEvents(deps.db, ids, await work());
  } catch (err) {
    const spent = events.filter((event) => event.attempts >= maxAttempts).map((event) => event.id);
    deps.log.error({ events: ids, spent, err }, "events could not be handled, will be tried again");
    await finishEvents(deps.db, spent, { state: "dead", note: "given up: the sweep goes on looking" });
    await postponeEvents(
      deps.db,
      ids.filter((id) => !spent.includes(id)),
      "failed, will be tried again",
    );
  }
}
