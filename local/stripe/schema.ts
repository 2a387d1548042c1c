/** The stand-in's own tables. Safe to run at every start, and by two processes at once. */
export const schema = `
select pg_advisory_xact_lock(7310001);
create schema if not exists stripe_local;
create table if not exists stripe_local.objects (
  id text primary key,
  kind text not null,
  seq bigint generated always as identity unique,
  body jsonb not null
);
create index if not exists objects_kind on stripe_local.objects (kind, seq);
create index if not exists objects_customer on stripe_local.objects ((body ->> 'customer'), kind, seq);
-- Stripe: a lookup key is unique among active prices.
create unique index if not exists objects_lookup_key on stripe_local.objects ((body ->> 'lookup_key'))
  where kind = 'price' and body ->> 'lookup_key' is not null;
-- What the clock has to look at: few rows, however long the history.
create index if not exists objects_live on stripe_local.objects (kind, (body ->> 'status'))
  where kind in ('subscription', 'invoice', 'checkout.session');
create table if not exists stripe_local.meter_events (
  seq bigint generated always as identity primary key,
  event_name text not null,
  identifier text not null,
  customer text not null,
  value numeric not null,
  at bigint not null,
  received bigint not null,
  -- Why the event was dropped after its 200, as Stripe reports it later; null = counted.
  rejected text
);
create index if not exists meter_events_sum on stripe_local.meter_events (event_name, customer, at);
create index if not exists meter_events_identifier on stripe_local.meter_events (identifier, received);
create table if not exists stripe_local.idempotency (
  key text primary key,
  fingerprint text not null,
  status integer not null,
  body text not null,
  request_id text not null,
  at timestamptz not null default now()
);
create table if not exists stripe_local.deliveries (
  seq bigint generated always as identity primary key,
  event_id text not null,
  endpoint_id text not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'given_up')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_status integer,
  last_error text
);
create index if not exists deliveries_due on stripe_local.deliveries (next_attempt_at) where state = 'pending';
create index if not exists deliveries_event on stripe_local.deliveries (event_id);
create table if not exists stripe_local.truth_log (
  seq bigint generated always as identity primary key,
  at timestamptz not null default now(),
  method text not null,
  path text not null,
  idempotency_key text,
  params jsonb not null,
  status integer not null,
  result_id text
);
create table if not exists stripe_local.clock (
  only_row boolean primary key default true check (only_row),
  ahead_seconds bigint not null default 0
);
insert into stripe_local.clock default values on conflict do nothing;
`;
