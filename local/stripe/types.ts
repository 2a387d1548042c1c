/**
 * The objects of Stripe that the stand-in keeps, as they travel on the wire: unix seconds, cents,
 * decimals as text. `local` on an object is the stand-in's own memory and is cut off by `render`.
 */
import type { PortalConfiguration, PortalSession } from "./portal-types.ts";
import type { EventDestination, ThinEvent } from "./thin-types.ts";

export type Metadata = Record<string, string>;

/** A test card. `works: false` is declined at every attempt. */
export interface Card {
  brand: "visa" | "mastercard";
  last4: string;
  works: boolean;
}

export interface Base {
  id: string;
  created: number;
  livemode: false;
}

export interface Customer extends Base {
  object: "customer";
  email: string | null;
  name: string | null;
  description: string | null;
  metadata: Metadata;
  delinquent: boolean;
  balance: 0;
  invoice_prefix: string;
  next_invoice_sequence: number;
  test_clock: null;
  deleted?: true;
  local: { card: Card | null };
}

export interface Product extends Base {
  object: "product";
  name: string;
  description: string | null;
  active: boolean;
  metadata: Metadata;
  unit_label: string | null;
  images: string[];
  type: "service";
  updated: number;
}

export type Interval = "day" | "week" | "month" | "year";

export interface Price extends Base {
  object: "price";
  product: string;
  active: boolean;
  currency: string;
  type: "recurring";
  billing_scheme: "per_unit";
  unit_amount: number | null;
  /** Cents, up to twelve decimals. */
  unit_amount_decimal: string;
  recurring: {
    interval: Interval;
    interval_count: number;
    usage_type: "licensed" | "metered";
    meter: string | null;
    trial_period_days: null;
  };
  lookup_key: string | null;
  nickname: string | null;
  metadata: Metadata;
}

export interface Meter extends Base {
  object: "billing.meter";
  display_name: string;
  event_name: string;
  status: "active" | "inactive";
  customer_mapping: { event_payload_key: string; type: "by_id" };
  default_aggregation: { formula: "sum" | "count" | "last" };
  value_settings: { event_payload_key: string };
  event_time_window: null;
  status_transitions: { deactivated_at: number | null };
  updated: number;
}

export interface Session extends Base {
  object: "checkout.session";
  mode: "subscription";
  ui_mode: "hosted_page";
  status: "open" | "complete" | "expired";
  payment_status: "paid" | "unpaid" | "no_payment_required";
  url: string | null;
  success_url: string;
  cancel_url: string | null;
  client_reference_id: string | null;
  customer: string | null;
  customer_email: string | null;
  subscription: string | null;
  invoice: string | null;
  amount_subtotal: number;
  amount_total: number;
  currency: string;
  expires_at: number;
  metadata: Metadata;
  payment_method_types: string[];
  local: {
    items: { price: string; quantity: number | null }[];
    subscriptionMetadata: Metadata;
    billingMode: "flexible" | "classic";
    /** What the page shows after a refused card; gone with the next attempt. */
    declined: boolean;
    /** When a delayed payment is decided, in the stand-in's seconds. */
    settlesAt: number | null;
  };
}

export interface SubscriptionItem {
  id: string;
  object: "subscription_item";
  created: number;
  subscription: string;
  price: Price;
  quantity?: number;
  current_period_start: number;
  current_period_end: number;
  metadata: Metadata;
}

export type SubscriptionStatus =
  | "incomplete"
  | "incomplete_expired"
  | "trialing"
  | "active"
  | "past_due"
  | "unpaid"
  | "canceled"
  | "paused";

export interface Subscription extends Base {
  object: "subscription";
  customer: string;
  status: SubscriptionStatus;
  currency: string;
  cancel_at_period_end: boolean;
  cancel_at: number | null;
  canceled_at: number | null;
  ended_at: number | null;
  start_date: number;
  billing_cycle_anchor: number;
  billing_mode: { type: "flexible" | "classic" };
  collection_method: "charge_automatically";
  latest_invoice: string | null;
  pause_collection: null;
  metadata: Metadata;
  cancellation_details: {
    comment: null;
    feedback: null;
    reason: "cancellation_requested" | "payment_failed" | null;
  };
  items: List<SubscriptionItem>;
  trial_start: null;
  trial_end: null;
  test_clock: null;
}

export interface Line {
  id: string;
  object: "line_item";
  amount: number;
  subtotal: number;
  currency: string;
  description: string;
  invoice: string;
  livemode: false;
  metadata: Metadata;
  period: { start: number; end: number };
  quantity: number;
  quantity_decimal: string;
  pricing: {
    type: "price_details";
    unit_amount_decimal: string;
    price_details: { price: string; product: string };
  };
  parent: {
    type: "subscription_item_details";
    subscription_item_details: { subscription: string; subscription_item: string; proration: false };
  };
}

export type BillingReason = "subscription_create" | "subscription_cycle" | "subscription_update" | "upcoming";

export interface Invoice extends Base {
  object: "invoice";
  number: string | null;
  status: "draft" | "open" | "paid" | "uncollectible" | "void";
  customer: string;
  customer_email: string | null;
  billing_reason: BillingReason;
  currency: string;
  subtotal: number;
  total: number;
  amount_due: number;
  amount_paid: number;
  amount_remaining: number;
  attempt_count: number;
  attempted: boolean;
  auto_advance: boolean;
  next_payment_attempt: number | null;
  automatically_finalizes_at: number | null;
  collection_method: "charge_automatically";
  status_transitions: {
    finalized_at: number | null;
    marked_uncollectible_at: number | null;
    paid_at: number | null;
    voided_at: number | null;
  };
  period_start: number;
  period_end: number;
  hosted_invoice_url: string | null;
  invoice_pdf: null;
  webhooks_delivered_at: number | null;
  metadata: Metadata;
  parent: {
    type: "subscription_details";
    quote_details: null;
    subscription_details: { subscription: string; metadata: Metadata };
  };
  lines: List<Line>;
}

export interface WebhookEndpoint extends Base {
  object: "webhook_endpoint";
  url: string;
  status: "enabled" | "disabled";
  enabled_events: string[];
  api_version: string | null;
  description: string | null;
  metadata: Metadata;
  application: null;
  /** More than one while a secret is being changed: each signs, in one header. */
  local: { secrets: string[] };
}

export interface StripeEvent extends Base {
  object: "event";
  type: string;
  api_version: string;
  data: { object: unknown; previous_attributes?: Record<string, unknown> };
  pending_webhooks: number;
  request: { id: string | null; idempotency_key: string | null };
}

export interface List<T> {
  object: "list";
  data: T[];
  has_more: boolean;
  url: string;
}

/** Every kind of stored object under its wire name. */
export interface Documents {
  customer: Customer;
  product: Product;
  price: Price;
  "billing.meter": Meter;
  "checkout.session": Session;
  subscription: Subscription;
  invoice: Invoice;
  "billing_portal.configuration": PortalConfiguration;
  "billing_portal.session": PortalSession;
  webhook_endpoint: WebhookEndpoint;
  event: StripeEvent;
  "v2.core.event_destination": EventDestination;
  "v2.core.event": ThinEvent;
}
export type Kind = keyof Documents;
