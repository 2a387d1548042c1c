/** Webhook endpoints and the events they are told of. */
import { apiVersion, listOf, type Act } from "../act.ts";
import { invalid } from "../errors.ts";
import { newId } from "../ids.ts";
import { mergeMetadata } from "../params.ts";
import { pageOf, type Route } from "../route.ts";
import type { StripeEvent, WebhookEndpoint } from "../types.ts";

/** The endpoint that the environment names, set anew at each start. */
export async function putStaticEndpoint(act: Act, url: string, secrets: string[]): Promise<void> {
  await act.tx.put({
    id: "we_fromEnvironment",
    object: "webhook_endpoint",
    created: act.now,
    livemode: false,
    url,
    status: "enabled",
    enabled_events: ["*"],
    api_version: apiVersion,
    description: "WEBHOOK_URL of the environment",
    metadata: {},
    application: null,
    local: { secrets },
  });
}

const endpointRoutes: Route[] = [
  {
    method: "POST",
    path: "/v1/webhook_endpoints",
    async run(act, params) {
      params.needText("url");
      const enabledEvents = params.texts("enabled_events");
      if (enabledEvents.length === 0) {
        throw invalid("Missing required param: enabled_events.", {
          code: "parameter_missing",
          param: "enabled_events",
        });
      }
      const secret = newId("whsec_", 32);
      const endpoint: WebhookEndpoint = {
        id: newId("we_"),
        object: "webhook_endpoint",
        created: act.now,
        livemode: false,
        url: params.url("url") ?? "",
        status: "enabled",
        enabled_events: enabledEvents,
        api_version: params.text("api_version") ?? apiVersion,
        description: params.orNull("description"),
        metadata: params.map("metadata") ?? {},
        application: null,
        local: { secrets: [secret] },
      };
      await act.tx.put(endpoint);
      // The one answer that carries the secret.
      return { ...endpoint, secret };
    },
  },
  {
    method: "GET",
    path: "/v1/webhook_endpoints",
    run: (act, params) => pageOf(act, params, { kind: "webhook_endpoint", url: "/v1/webhook_endpoints" }),
  },
  {
    method: "GET",
    path: "/v1/webhook_endpoints/:id",
    run: (act, _params, { id = "" }) => act.tx.need("webhook_endpoint", id),
  },
  {
    method: "POST",
    path: "/v1/webhook_endpoints/:id",
    async run(act, params, { id = "" }) {
      const endpoint = await act.tx.need("webhook_endpoint", id);
      endpoint.url = params.url("url") ?? endpoint.url;
      if (params.has("enabled_events")) endpoint.enabled_events = params.texts("enabled_events");
      const disabled = params.flag("disabled");
      if (disabled !== undefined) endpoint.status = disabled ? "disabled" : "enabled";
      endpoint.metadata = mergeMetadata(endpoint.metadata, params.map("metadata"));
      return act.tx.put(endpoint);
    },
  },
  {
    method: "DELETE",
    path: "/v1/webhook_endpoints/:id",
    async run(act, _params, { id = "" }) {
      await act.tx.need("webhook_endpoint", id);
      await act.tx.query(
        "update stripe_local.deliveries set state = 'given_up' where endpoint_id = $1 and state = 'pending'",
        [id],
      );
      await act.tx.remove(id);
      return { id, object: "webhook_endpoint", deleted: true };
    },
  },
];

async function withPending(act: Act, events: StripeEvent[]): Promise<StripeEvent[]> {
  const rows = await act.tx.query<{ event_id: string; pending: string }>(
    `select event_id, count(*) filter (where state <> 'delivered') as pending from stripe_local.deliveries
     where event_id = any($1) group by event_id`,
    [events.map((event) => event.id)],
  );
  const pending = new Map(rows.map((row) => [row.event_id, Number(row.pending)]));
  return events.map((event) => ({ ...event, pending_webhooks: pending.get(event.id) ?? 0 }));
}

const eventRoutes: Route[] = [
  {
    method: "GET",
    path: "/v1/events",
    async run(act, params) {
      const types = params.texts("types");
      const delivered = params.flag("delivery_success");
      const where = {
        type: params.text("type") ?? (types.length > 0 ? types : undefined),
        id: delivered === undefined ? undefined : await byDelivery(act, delivered),
      };
      const list = await pageOf(act, params, { kind: "event", url: "/v1/events", where });
      return listOf(await withPending(act, list.data), "/v1/events", list.has_more);
    },
  },
  {
    method: "GET",
    path: "/v1/events/:id",
    async run(act, _params, { id = "" }) {
      const [event] = await withPending(act, [await act.tx.need("event", id)]);
      return event;
    },
  },
];

/** The last thousand events that every endpoint has (or that some endpoint has not). */
async function byDelivery(act: Act, delivered: boolean): Promise<string[]> {
  const rows = await act.tx.query<{ event_id: string }>(
    `select event_id from stripe_local.deliveries group by event_id
     having bool_and(state = 'delivered') = $1 order by max(seq) desc limit 1000`,
    [delivered],
  );
  return rows.map((row) => row.event_id);
}

export const eventsRoutes: Route[] = [...endpointRoutes, ...eventRoutes];
