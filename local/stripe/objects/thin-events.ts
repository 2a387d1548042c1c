/** Thin events (v2): what is delivered is an id and a type, signed like any other; the data is asked for. */
import type { Act } from "../act.ts";
import { invalid } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Params } from "../params.ts";
import type { Route } from "../route.ts";
import type { EventDestination, ThinEvent } from "../thin-types.ts";

const meterTypes = ["v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found"] as const;
/** Stripe names a few of the events that it dropped, not all. */
const maxSamples = 5;

function destination(
  act: Act,
  fields: Pick<EventDestination, "id" | "name" | "enabled_events">,
): EventDestination {
  return {
    ...fields,
    object: "v2.core.event_destination",
    created: isoOf(act),
    livemode: false,
    description: "",
    type: "webhook_endpoint",
    event_payload: "thin",
    events_from: ["@self"],
    status: "enabled",
    metadata: {},
    webhook_endpoint: { url: "" },
    local: { secrets: [] },
  };
}

function isoOf(act: Act): string {
  return new Date(act.now * 1000).toISOString();
}

/** The destination that the environment names, set anew at each start. */
export async function putStaticDestination(act: Act, url: string, secrets: string[]): Promise<void> {
  const fields = {
    id: "ed_test_fromEnvironment",
    name: "METER_WEBHOOK_URL",
    enabled_events: [...meterTypes],
  };
  await act.tx.put({ ...destination(act, fields), webhook_endpoint: { url }, local: { secrets } });
}

function readDestination(act: Act, params: Params): EventDestination & { webhook_endpoint: object } {
  params.needChoice("type", ["webhook_endpoint"]);
  params.needChoice("event_payload", ["thin"]);
  const enabled = params.texts("enabled_events");
  if (enabled.length === 0) throw invalid("enabled_events must name a type.", { param: "enabled_events" });
  const wantsSecret = params.texts("include").includes("webhook_endpoint.signing_secret");
  const secret = newId("whsec_", 32);
  const made = destination(act, {
    id: newId("ed_test_"),
    name: params.needText("name"),
    enabled_events: enabled,
  });
  made.description = params.text("description") ?? "";
  const url = params.needGroup("webhook_endpoint").url("url") ?? "";
  // The one answer that carries the secret, and only when it was asked for.
  return {
    ...made,
    webhook_endpoint: { url, ...(wantsSecret ? { signing_secret: secret } : {}) },
    local: { secrets: [secret] },
  };
}

export const thinEventRoutes: Route[] = [
  {
    method: "POST",
    path: "/v2/core/event_destinations",
    async run(act, params) {
      const answer = readDestination(act, params);
      await act.tx.put({ ...answer, webhook_endpoint: { url: answer.webhook_endpoint.url } });
      return answer;
    },
  },
  {
    method: "GET",
    path: "/v2/core/events/:id",
    run: (act, _params, { id = "" }) => act.tx.need("v2.core.event", id),
  },
];

export interface DroppedEvent {
  identifier: string;
  code: string;
}

/** Tells every destination that events of a meter were dropped after their 200, one report for all of them. */
export async function reportDropped(
  act: Act,
  meter: string,
  dropped: readonly DroppedEvent[],
): Promise<void> {
  const byCode = Map.groupBy(dropped, (event) => event.code);
  const window = { validation_start: isoOf(act), validation_end: isoOf(act) };
  await emitThin(act, meterTypes[0], {
    meter,
    data: {
      developer_message_summary: `There is ${dropped.length} invalid event`,
      ...window,
      reason: {
        error_count: dropped.length,
        error_types: [...byCode].map(([code, events]) => ({
          code,
          error_count: events.length,
          sample_errors: events.slice(0, maxSamples).map(({ identifier }) => ({
            error_message: `The event was not counted: ${code}.`,
            request: { identifier },
          })),
        })),
      },
    },
  });
}

async function emitThin(act: Act, type: string, about: { meter: string; data: unknown }): Promise<void> {
  const event: ThinEvent = {
    id: newId("evt_test_"),
    object: "v2.core.event",
    type,
    created: isoOf(act),
    livemode: false,
    related_object: { id: about.meter, type: "billing.meter", url: `/v1/billing/meters/${about.meter}` },
    data: about.data,
  };
  await act.tx.put(event);
  const destinations = await act.tx.all("v2.core.event_destination", { status: "enabled" }, 100);
  for (const { id } of destinations.filter((one) => one.enabled_events.includes(type))) {
    await act.tx.query("insert into stripe_local.deliveries (event_id, endpoint_id) values ($1, $2)", [
      event.id,
      id,
    ]);
  }
}
