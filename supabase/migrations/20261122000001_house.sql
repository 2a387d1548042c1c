-- The tables of the founding design (users, bots, usage_logs) and what the house needs around them.
-- Schema `app` is not exposed to Supabase's Data API. Every table has row level security, enabled
-- and forced: a second wall behind the api's own checks. Users may read their own rows, never write.
create schema app;
grant usage on schema app to authenticated;

create table app.users (
  id uuid primary key references auth.users (id) on delete cascade,
  email text not null check (length(email) between 3 and 254),
  created_at timestamptz not null default now(),
  stripe_customer_id text unique,
  subscription_status text not null default 'none' check (subscription_status in
    ('none', 'incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'canceled', 'paused')),
  subscription_id text unique,
  current_period_end timestamptz,
  cancel_at_period_end boolean not null default false,
  -- Part of the idempotency key of a checkout; rises only when a session has definitely ended.
  checkout_attempt integer not null default 1
);

create table app.bots (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null unique references app.users (id) on delete cascade,
  fly_app_id text unique,
  gateway_token text,
  status text not null default 'provisioning' check (status in
    ('provisioning', 'running', 'waking', 'asleep', 'paused', 'failed', 'deleting')),
  created_at timestamptz not null default now(),
  -- What webhooks, users and the clock ask for; only the reconciler makes it so.
  desired text not null default 'running' check (desired in ('running', 'asleep', 'paused', 'deleted')),
  step text not null default 'queued' check (step in
    ('queued', 'app', 'volume', 'machine', 'boot', 'connect', 'ready')),
  step_since timestamptz not null default now(),
  failure_code text,
  failure_message text,
  region text,
  volume_id text,
  machine_id text,
  -- The bot's own key for the model proxy: found by its hash, delivered to the machine from the envelope.
  model_key text,
  model_key_hash bytea unique,
  boot_id text,
  suspension_id text,
  last_active_at timestamptz not null default now(),
  last_seq bigint not null default 0 check (last_seq >= 0),
  -- The reconciler's lease. Every write under it carries the fence; a lost lease writes nothing.
  lease_until timestamptz,
  fence bigint not null default 0,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now()
);
create index bots_due on app.bots (next_attempt_at);

create table app.messages (
  id uuid primary key default gen_random_uuid(),
  bot_id uuid not null references app.bots (id) on delete cascade,
  seq bigint not null check (seq > 0),
  role text not null check (role in ('user', 'bot')),
  text text not null check (length(text) <= 1000000),
  state text not null check (state in ('queued', 'delivered', 'answered', 'final', 'stopped', 'interrupted', 'error')),
  at timestamptz not null default now(),
  client_id uuid,
  reply_to uuid references app.messages (id) on delete cascade,
  -- The id of the bot's run where it is not ours (a turn it resumed, its own schedule).
  run_id text,
  unique (bot_id, seq),
  unique (bot_id, client_id),
  unique (bot_id, reply_to),
  unique (bot_id, run_id)
);
create index messages_open on app.messages (bot_id, seq) where role = 'user' and state in ('queued', 'delivered');

create table app.usage_logs (
  id uuid primary key default gen_random_uuid(),
  bot_id uuid not null references app.bots (id) on delete cascade,
  -- All input tokens; cache reads and writes are parts of it.
  tokens_in bigint not null default 0 check (tokens_in between 0 and 1000000000),
  tokens_out bigint not null default 0 check (tokens_out between 0 and 1000000000),
  model text not null,
  "timestamp" timestamptz not null default now(),
  state text not null check (state in ('reserved', 'settled', 'estimated', 'refused')),
  cause text not null check (cause in ('chat', 'cron', 'heartbeat', 'subagent', 'background')),
  message_id uuid,
  trace_id text,
  provider text not null,
  cache_read_tokens bigint not null default 0 check (cache_read_tokens between 0 and 1000000000),
  cache_write_tokens bigint not null default 0 check (cache_write_tokens between 0 and 1000000000),
  cache_write_1h_tokens bigint not null default 0 check (cache_write_1h_tokens between 0 and 1000000000),
  reserved_picos bigint not null default 0 check (reserved_picos >= 0),
  cost_picos bigint not null default 0 check (cost_picos >= 0),
  price_version text not null,
  provider_request_id text,
  http_status integer,
  first_byte_ms integer,
  latency_ms integer,
  reason text,
  settled_at timestamptz
);
create index usage_logs_bot_time on app.usage_logs (bot_id, "timestamp" desc);
create index usage_logs_open on app.usage_logs ("timestamp") where state = 'reserved';

-- Folded in the transaction that settles a call; what GET /usage reads.
create table app.usage_days (
  bot_id uuid not null references app.bots (id) on delete cascade,
  day date not null,
  model text not null,
  cause text not null,
  calls bigint not null default 0,
  tokens_in bigint not null default 0,
  tokens_out bigint not null default 0,
  cost_picos bigint not null default 0,
  primary key (bot_id, day, model, cause)
);

-- What a bot says it used (POST /usage): compared with the ledger, never billed.
create table app.usage_claims (
  bot_id uuid not null references app.bots (id) on delete cascade,
  claim_id uuid not null,
  model text not null,
  tokens_in bigint not null check (tokens_in between 0 and 10000000),
  tokens_out bigint not null check (tokens_out between 0 and 10000000),
  at timestamptz not null,
  received_at timestamptz not null default now(),
  primary key (bot_id, claim_id)
);

-- Signed events, stored before they are answered. The work is done by asking Stripe for the truth.
create table app.stripe_events (
  id text primary key,
  type text not null,
  customer text,
  created timestamptz not null,
  payload text not null,
  received_at timestamptz not null default now(),
  state text not null default 'pending' check (state in ('pending', 'done', 'ignored', 'dead')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  note text
);
create index stripe_events_due on app.stripe_events (next_attempt_at) where state = 'pending';

create table app.mails (
  id uuid primary key default gen_random_uuid(),
  -- One mail per occasion, whoever asks and however often: `bot-ready/<bot id>`.
  key text not null unique,
  recipient text not null,
  template text not null,
  language text not null default 'en',
  data jsonb not null default '{}',
  state text not null default 'pending' check (state in ('pending', 'sent', 'dead')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  note text
);
create index mails_due on app.mails (next_attempt_at) where state = 'pending';

create table app.waitlist (
  id uuid primary key default gen_random_uuid(),
  email text not null unique check (length(email) between 3 and 254),
  language text not null default 'en',
  source text,
  campaign text,
  referral_code text not null unique,
  referred_by text,
  token_hash bytea not null unique,
  created_at timestamptz not null default now(),
  confirmed_at timestamptz,
  invited_at timestamptz
);

create table app.brain_snapshots (
  bot_id uuid primary key references app.bots (id) on delete cascade,
  taken_at timestamptz not null,
  brain jsonb not null
);

do $$
declare t text;
begin
  for t in select tablename from pg_tables where schemaname = 'app' loop
    execute format('alter table app.%I enable row level security', t);
    execute format('alter table app.%I force row level security', t);
  end loop;
end
$$;

grant select on app.users to authenticated;
create policy own_user on app.users for select to authenticated using (id = (select auth.uid()));

-- Column by column: neither token nor key nor lease is the user's to read.
grant select (id, user_id, status, created_at, desired, step, step_since, failure_code, failure_message,
  region, last_active_at, last_seq) on app.bots to authenticated;
create policy own_bot on app.bots for select to authenticated using (user_id = (select auth.uid()));

grant select on app.messages, app.usage_logs, app.usage_days, app.brain_snapshots to authenticated;
create policy own_messages on app.messages for select to authenticated
  using (bot_id in (select id from app.bots where user_id = (select auth.uid())));
create policy own_usage on app.usage_logs for select to authenticated
  using (bot_id in (select id from app.bots where user_id = (select auth.uid())));
create policy own_usage_days on app.usage_days for select to authenticated
  using (bot_id in (select id from app.bots where user_id = (select auth.uid())));
create policy own_brain on app.brain_snapshots for select to authenticated
  using (bot_id in (select id from app.bots where user_id = (select auth.uid())));
