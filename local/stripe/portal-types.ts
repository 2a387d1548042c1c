/** The objects of the billing portal; the rest is in types.ts. */
import type { Base, Metadata } from "./types.ts";

export interface PortalConfiguration extends Base {
  object: "billing_portal.configuration";
  active: boolean;
  is_default: boolean;
  name: string | null;
  default_return_url: string | null;
  business_profile: {
    headline: string | null;
    privacy_policy_url: string | null;
    terms_of_service_url: string | null;
  };
  features: {
    customer_update: { enabled: boolean; allowed_updates: string[] };
    invoice_history: { enabled: boolean };
    payment_method_update: { enabled: boolean };
    subscription_cancel: {
      enabled: boolean;
      mode: "at_period_end" | "immediately";
      proration_behavior: "none";
    };
    subscription_update: { enabled: boolean; default_allowed_updates: string[]; proration_behavior: "none" };
    subscription_pause: { enabled: boolean };
  };
  login_page: { enabled: boolean; url: null };
  metadata: Metadata;
  updated: number;
}

export interface PortalSession extends Base {
  object: "billing_portal.session";
  configuration: string;
  customer: string;
  return_url: string | null;
  url: string;
  flow: null;
  locale: null;
  on_behalf_of: null;
}
