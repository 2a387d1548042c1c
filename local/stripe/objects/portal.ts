/** Billing portal: configurations and sessions. */
import type { Act } from "../act.ts";
import { invalid } from "../errors.ts";
import { newId } from "../ids.ts";
import { mergeMetadata, type Params } from "../params.ts";
import { pageOf, type Route } from "../route.ts";
import type { PortalConfiguration, PortalSession } from "../portal-types.ts";
import { needCustomer } from "./customers.ts";

/** What a new account's portal allows. */
function defaults(act: Act): PortalConfiguration {
  return {
    id: newId("bpc_"),
    object: "billing_portal.configuration",
    created: act.now,
    livemode: false,
    active: true,
    is_default: false,
    name: null,
    default_return_url: null,
    business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
    features: {
      customer_update: { enabled: false, allowed_updates: [] },
      invoice_history: { enabled: false },
      payment_method_update: { enabled: false },
      subscription_cancel: { enabled: false, mode: "at_period_end", proration_behavior: "none" },
      subscription_update: { enabled: false, default_allowed_updates: [], proration_behavior: "none" },
      subscription_pause: { enabled: false },
    },
    login_page: { enabled: false, url: null },
    metadata: {},
    updated: act.now,
  };
}

function readFeatures(configuration: PortalConfiguration, params: Params): void {
  const features = params.group("features");
  if (!features) return;
  const {
    invoice_history,
    payment_method_update,
    subscription_cancel,
    subscription_update,
    subscription_pause,
  } = configuration.features;
  for (const [key, feature] of Object.entries({
    invoice_history,
    payment_method_update,
    subscription_pause,
  })) {
    feature.enabled = features.group(key)?.flag("enabled") ?? feature.enabled;
  }
  const cancel = features.group("subscription_cancel");
  subscription_cancel.enabled = cancel?.flag("enabled") ?? subscription_cancel.enabled;
  subscription_cancel.mode =
    cancel?.choice("mode", ["at_period_end", "immediately"]) ?? subscription_cancel.mode;
  cancel?.choice("proration_behavior", ["none"]);
  refuseEnabled(features.group("customer_update"), "customer_update");
  refuseEnabled(features.group("subscription_update"), "subscription_update");
  if (subscription_update.enabled || subscription_pause.enabled) {
    throw invalid("This portal offers neither plan changes nor pausing.", { param: "features" });
  }
}

function refuseEnabled(group: Params | undefined, name: string): void {
  if (group?.flag("enabled"))
    throw invalid(`This portal does not offer ${name}.`, { param: `features[${name}]` });
}

function readConfiguration(configuration: PortalConfiguration, params: Params): PortalConfiguration {
  readFeatures(configuration, params);
  const profile = params.group("business_profile");
  if (profile?.has("headline")) configuration.business_profile.headline = profile.orNull("headline");
  const privacy = profile?.url("privacy_policy_url");
  const terms = profile?.url("terms_of_service_url");
  if (privacy) configuration.business_profile.privacy_policy_url = privacy;
  if (terms) configuration.business_profile.terms_of_service_url = terms;
  if (params.has("default_return_url"))
    configuration.default_return_url = params.url("default_return_url") ?? null;
  if (params.has("name")) configuration.name = params.orNull("name");
  configuration.metadata = mergeMetadata(configuration.metadata, params.map("metadata"));
  return configuration;
}

const path = "/v1/billing_portal/configurations";

export const portalRoutes: Route[] = [
  {
    method: "POST",
    path,
    async run(act, params) {
      params.needGroup("features");
      const configuration = readConfiguration(defaults(act), params);
      const others = await act.tx.all("billing_portal.configuration", {}, 1);
      configuration.is_default = others.length === 0;
      return act.tx.put(configuration);
    },
  },
  {
    method: "GET",
    path,
    run: (act, params) =>
      pageOf(act, params, {
        kind: "billing_portal.configuration",
        url: path,
        where: { active: params.flag("active"), is_default: params.flag("is_default") },
      }),
  },
  {
    method: "GET",
    path: `${path}/:id`,
    run: (act, _params, { id = "" }) => act.tx.need("billing_portal.configuration", id),
  },
  {
    method: "POST",
    path: `${path}/:id`,
    async run(act, params, { id = "" }) {
      const configuration = await act.tx.need("billing_portal.configuration", id);
      configuration.active = params.flag("active") ?? configuration.active;
      configuration.updated = act.now;
      return act.tx.put(readConfiguration(configuration, params));
    },
  },
  {
    method: "POST",
    path: "/v1/billing_portal/sessions",
    async run(act, params) {
      const customer = await needCustomer(act, params.needText("customer"));
      const asked = params.text("configuration");
      const [fallback] = await act.tx.all("billing_portal.configuration", { is_default: true }, 1);
      const configuration = asked
        ? await act.tx.need("billing_portal.configuration", asked, "configuration")
        : fallback;
      if (!configuration) {
        throw invalid(
          "No configuration provided and your test mode default configuration has not been created. Provide a configuration or create your default.",
          { param: "configuration" },
        );
      }
      const id = newId("bps_", 40);
      const session: PortalSession = {
        id,
        object: "billing_portal.session",
        created: act.now,
        livemode: false,
        configuration: configuration.id,
        customer: customer.id,
        return_url: params.url("return_url") ?? configuration.default_return_url,
        url: `${act.settings.publicUrl}/p/session/${id}`,
        flow: null,
        locale: null,
        on_behalf_of: null,
      };
      return act.tx.put(session);
    },
  },
];
