/** Meters, the events they count, and their sums. */
import { listOf, type Act } from "../act.ts";
import { invalid, StripeError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Params } from "../params.ts";
import { pageOf, type Route } from "../route.ts";
import { sumUsage } from "../cycle/usage.ts";
import type { Meter } from "../types.ts";
import { reportDropped } from "./thin-events.ts";

const day = 86_400;
/** Stripe accepts events from 35 days back to 5 minutes ahead, and remembers identifiers for a day. */
const accepted = { pastSeconds: 35 * day, aheadSeconds: 300, identifierSeconds: day, maxDigits: 15 };

const meterRoutes: Route[] = [
  {
    method: "POST",
    path: "/v1/billing/meters",
    async run(act, params) {
      const eventName = params.needText("event_name");
      const twins = await act.tx.all("billing.meter", { event_name: eventName, status: "active" }, 1);
      if (twins.length > 0) {
        throw invalid(`An active meter already exists with event name '${eventName}'.`, {
          param: "event_name",
        });
      }
      const mapping = params.group("customer_mapping");
      const meter: Meter = {
        id: newId("mtr_test_"),
        object: "billing.meter",
        created: act.now,
        livemode: false,
        display_name: params.needText("display_name"),
        event_name: eventName,
        status: "active",
        customer_mapping: {
          event_payload_key: mapping?.needText("event_payload_key") ?? "stripe_customer_id",
          type: mapping?.needChoice("type", ["by_id"]) ?? "by_id",
        },
        default_aggregation: {
          formula: params.needGroup("default_aggregation").needChoice("formula", ["sum", "count", "last"]),
        },
        value_settings: {
          event_payload_key: params.group("value_settings")?.needText("event_payload_key") ?? "value",
        },
        event_time_window: null,
        status_transitions: { deactivated_at: null },
        updated: act.now,
      };
      return act.tx.put(meter);
    },
  },
  {
    method: "GET",
    path: "/v1/billing/meters",
    run: (act, params) =>
      pageOf(act, params, {
        kind: "billing.meter",
        url: "/v1/billing/meters",
        where: { status: params.choice("status", ["active", "inactive"]) },
      }),
  },
  {
    method: "GET",
    path: "/v1/billing/meters/:id",
    run: (act, _p, { id = "" }) => act.tx.need("billing.meter", id),
  },
  {
    method: "POST",
    path: "/v1/billing/meters/:id",
    async run(act, params, { id = "" }) {
      const meter = await act.tx.need("billing.meter", id);
      meter.display_name = params.text("display_name") || meter.display_name;
      meter.updated = act.now;
      return act.tx.put(meter);
    },
  },
  ...(["deactivate", "reactivate"] as const).map((verb): Route => ({
    method: "POST",
    path: `/v1/billing/meters/:id/${verb}`,
    async run(act, _params, { id = "" }) {
      const meter = await act.tx.need("billing.meter", id);
      meter.status = verb === "deactivate" ? "inactive" : "active";
      meter.status_transitions.deactivated_at = verb === "deactivate" ? act.now : null;
      meter.updated = act.now;
      return act.tx.put(meter);
    },
  })),
];

const summaries: Route = {
  method: "GET",
  path: "/v1/billing/meters/:id/event_summaries",
  async run(act, params, { id = "" }) {
    const meter = await act.tx.need("billing.meter", id);
    params.needText("customer");
    const customer = params.needText("customer");
    const start = minute(params, "start_time");
    const end = minute(params, "end_time");
    if (end <= start) throw invalid("`end_time` must be after `start_time`.", { param: "end_time" });
    const window = params.choice("value_grouping_window", ["hour", "day"]);
    const limit = params.integer("limit", { min: 1, max: 100 }) ?? 10;
    const width = window === undefined ? end - start : window === "hour" ? 3600 : day;
    if (window !== undefined && (start % width !== 0 || end % width !== 0)) {
      throw invalid(`start_time and end_time must be aligned with ${window} boundaries`, {
        param: "start_time",
      });
    }
    const data: unknown[] = [];
    let from = end - width;
    for (; from >= start && data.length < limit; from -= width) {
      const value = await sumUsage(act.tx, meter, { customer, from, to: from + width });
      // Windows without events have no summary, as at Stripe.
      if (value === null) continue;
      data.push({
        id: `mtrusg_test_${meter.id.slice(-8)}_${from}_${from + width}`,
        object: "billing.meter_event_summary",
        aggregated_value: Number(value),
        start_time: from,
        end_time: from + width,
        livemode: false,
        meter: meter.id,
      });
    }
    return listOf(data, `/v1/billing/meters/${id}/event_summaries`, from >= start);
  },
};

function minute(params: Params, key: string): number {
  params.needText(key);
  const seconds = params.integer(key, { min: 0 }) ?? 0;
  if (seconds % 60 !== 0) throw invalid(`${key} must be aligned with minute boundaries`, { param: key });
  return seconds;
}

const meterEvents: Route = {
  method: "POST",
  path: "/v1/billing/meter_events",
  async run(act, params) {
    const eventName = params.needText("event_name");
    const [meter] = await act.tx.all("billing.meter", { event_name: eventName, status: "active" }, 1);
    if (!meter) {
      const old = await act.tx.all("billing.meter", { event_name: eventName }, 1);
      throw old.length > 0
        ? invalid(`The meter for event name '${eventName}' is archived.`, {
            code: "archived_meter",
            param: "event_name",
          })
        : invalid(`No active meter found for event name '${eventName}'.`, {
            code: "no_meter",
            param: "event_name",
          });
    }
    const identifier = params.text("identifier", 100) || newId("");
    const timestamp = readTimestamp(act, params);
    const payload = params.map("payload") ?? {};
    const customer = payload[meter.customer_mapping.event_payload_key];
    if (!customer) {
      throw invalid(`Missing payload key '${meter.customer_mapping.event_payload_key}'.`, {
        param: "payload",
      });
    }
    const value = readValue(meter, payload);
    await refuseTwin(act, identifier);
    const known = await act.tx.find("customer", customer);
    const rejected = known && !known.deleted ? null : "meter_event_customer_not_found";
    await act.tx.query(
      `insert into stripe_local.meter_events (event_name, identifier, customer, value, at, received, rejected)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [eventName, identifier, customer, value, timestamp, act.now, rejected],
    );
    if (rejected) await reportDropped(act, meter.id, [{ identifier, code: rejected }]);
    return {
      object: "billing.meter_event",
      created: act.now,
      event_name: eventName,
      identifier,
      livemode: false,
      payload,
      timestamp,
    };
  },
};

function readTimestamp(act: Act, params: Params): number {
  const timestamp = params.integer("timestamp", { min: 0 }) ?? act.now;
  if (timestamp < act.now - accepted.pastSeconds) {
    throw invalid("The timestamp must be within the past 35 calendar days.", {
      code: "timestamp_too_far_in_past",
      param: "timestamp",
    });
  }
  if (timestamp > act.now + accepted.aheadSeconds) {
    throw invalid("The timestamp must not be more than 5 minutes in the future.", {
      code: "timestamp_in_future",
      param: "timestamp",
    });
  }
  return timestamp;
}

function readValue(meter: Meter, payload: Record<string, string>): string {
  const value =
    payload[meter.value_settings.event_payload_key] ??
    (meter.default_aggregation.formula === "count" ? "1" : "");
  if (!/^-?\d+(\.\d{1,12})?$/.test(value)) {
    throw invalid(
      `Invalid value for the payload key '${meter.value_settings.event_payload_key}': must be numeric.`,
      {
        code: "meter_event_invalid_value",
        param: "payload",
      },
    );
  }
  if (value.replace(/^-?0*/, "").replace(".", "").length > accepted.maxDigits) {
    throw invalid(`The value has more than ${accepted.maxDigits} significant digits.`, {
      code: "meter_event_value_too_many_digits",
      param: "payload",
    });
  }
  return value;
}

/** Events that were taken are dropped afterwards, as Stripe drops what fails its later validation. */
export async function dropMeterEvents(
  act: Act,
  { code, identifiers }: { code: string; identifiers: string[] },
): Promise<number> {
  const rows = await act.tx.query<{ identifier: string; event_name: string }>(
    `update stripe_local.meter_events set rejected = $1
     where identifier = any($2) and rejected is null returning identifier, event_name`,
    [code, identifiers],
  );
  const [meter] = await act.tx.all("billing.meter", { event_name: rows[0]?.event_name ?? "" }, 1);
  if (meter) {
    const dropped = rows.map(({ identifier }) => ({ identifier, code }));
    await reportDropped(act, meter.id, dropped);
  }
  return rows.length;
}

/** A known identifier is refused, not ignored; after a day it is forgotten and counts again. */
async function refuseTwin(act: Act, identifier: string): Promise<void> {
  const twins = await act.tx.query(
    "select 1 from stripe_local.meter_events where identifier = $1 and received > $2 limit 1",
    [identifier, act.now - accepted.identifierSeconds],
  );
  if (twins.length > 0) {
    throw new StripeError({
      status: 400,
      type: "invalid_request_error",
      message: `An event already exists with identifier ${identifier}.`,
      shouldRetry: false,
    });
  }
}

const adjustments: Route = {
  method: "POST",
  path: "/v1/billing/meter_event_adjustments",
  async run(act, params) {
    const eventName = params.needText("event_name");
    params.needChoice("type", ["cancel"]);
    const identifier = params.needGroup("cancel").needText("identifier");
    const rows = await act.tx.query(
      `update stripe_local.meter_events set rejected = 'canceled'
       where event_name = $1 and identifier = $2 and received > $3 and rejected is null returning seq`,
      [eventName, identifier, act.now - accepted.identifierSeconds],
    );
    if (rows.length === 0) {
      throw invalid(`No event of the last 24 hours with identifier ${identifier}.`, {
        param: "cancel[identifier]",
      });
    }
    return {
      object: "billing.meter_event_adjustment",
      event_name: eventName,
      type: "cancel",
      status: "pending",
      cancel: { identifier },
      livemode: false,
    };
  },
};

export const meteringRoutes: Route[] = [...meterRoutes, summaries, meterEvents, adjustments];
