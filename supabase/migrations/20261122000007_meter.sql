-- From the ledger to the bill: what of each bot's day is in a batch, the batches that Stripe is told,
-- and what bots claim beside what the ledger says. Settling a call touches none of these tables: the
-- counters it keeps anyway (app.usage_days) are compared with what was taken from them before, so a
-- late settlement, a commit out of order or a second worker loses nothing and doubles nothing.

-- What of a bot's day is in a batch. Never more than app.usage_days says.
create table app.metered_days (
  bot_id uuid not null references app.bots (id) on delete cascade,
  day date not null,
  picos bigint not null check (picos > 0),
  primary key (bot_id, day)
);

-- One row a user: everything taken from the ledger so far, and the whole micro-dollars of it that are
-- in batches. What is left over below a micro-dollar is in the next batch.
create table app.meter_accounts (
  user_id uuid primary key references app.users (id) on delete cascade,
  picos bigint not null default 0,
  micros bigint not null default 0,
  batches bigint not null default 0,
  folded_at timestamptz,
  constraint nothing_rounded_away check (picos - micros * 1000000 between 0 and 999999)
);

-- The outbox towards Stripe's meter. A row is written once; only its way to Stripe changes it.
create table app.meter_batches (
  id uuid primary key default gen_random_uuid(),
  -- Null once the account is gone: what was sent stays on record.
  user_id uuid references app.users (id) on delete set null,
  -- Stripe's customer; fixed with the first attempt under an identifier.
  customer text not null,
  -- First and last day of the calls in it, and when they were taken from the ledger.
  first_day date not null,
  last_day date not null,
  folded_at timestamptz not null default now(),
  picos bigint not null check (picos > 0),
  -- Stripe takes at most 15 digits.
  micros bigint not null check (micros between 1 and 999999999999999),
  identifier text not null unique check (length(identifier) <= 100),
  state text not null default 'pending' check (state in ('pending', 'sent', 'confirmed', 'rejected', 'dead')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  -- What Stripe is told as the event's time: the moment of the first attempt under this identifier.
  event_at timestamptz,
  last_attempt_at timestamptz,
  sent_at timestamptz,
  note text,
  constraint attempted_with_a_time check (state not in ('sent', 'confirmed') or event_at is not null)
);
create index meter_batches_due on app.meter_batches (next_attempt_at) where state = 'pending';
create index meter_batches_unconfirmed on app.meter_batches (event_at) where state = 'sent';
create index meter_batches_user on app.meter_batches (user_id);
-- One event a customer and minute: Stripe's summary of a minute then says whether this batch was counted.
create unique index meter_batches_minute on app.meter_batches
  (customer, date_trunc('minute', event_at at time zone 'utc')) where event_at is not null;

-- Takes what the ledger holds of these users since a day and is in no batch yet, and writes it into one
-- batch a user. Two workers: the user's row is locked first, and whoever finds it locked leaves it alone.
-- The ledger is read by a statement of its own afterwards, so that it sees what the other has committed.
create function app.fold_usage(candidates uuid[], since date)
returns setof uuid
language plpgsql set enable_seqscan = off as $$
declare
  mine uuid[];
begin
  -- Only what is missing: "on conflict" waits for whoever is just changing the row.
  insert into app.meter_accounts (user_id)
    select id from app.users
    where id = any(candidates) and not exists (select from app.meter_accounts a where a.user_id = users.id)
    order by id on conflict do nothing;
  select array_agg(user_id) into mine from (
    select user_id from app.meter_accounts where user_id = any(candidates) order by user_id for update skip locked
  ) locked;

  return query
  with grown as (
    select bots.user_id, d.bot_id, d.day, sum(d.cost_picos)::bigint as picos,
      sum(d.cost_picos)::bigint - coalesce(m.picos, 0) as more
    from app.bots
    join app.usage_days d on d.bot_id = bots.id
    left join app.metered_days m on m.bot_id = d.bot_id and m.day = d.day
    where bots.user_id = any(mine) and d.day >= since
    group by bots.user_id, d.bot_id, d.day, m.picos
    having sum(d.cost_picos) > coalesce(m.picos, 0)
  ), due as (
    select a.user_id, users.stripe_customer_id as customer, a.batches + 1 as number, sum(g.more)::bigint as picos,
      min(g.day) as first_day, max(g.day) as last_day, a.picos as before, a.micros as sent
    from grown g
    join app.meter_accounts a on a.user_id = g.user_id
    join app.users on users.id = g.user_id
    where users.stripe_customer_id is not null
    group by a.user_id, users.stripe_customer_id
  ), whole as (
    -- bigint division cuts off what is below a micro-dollar; it stays with the account.
    select *, (before + picos) / 1000000 - sent as micros from due
    where (before + picos) / 1000000 > sent
  ), marked as (
    insert into app.metered_days as m (bot_id, day, picos)
    select g.bot_id, g.day, g.picos from grown g join whole on whole.user_id = g.user_id order by 1, 2
    on conflict (bot_id, day) do update set picos = excluded.picos
  ), counted as (
    update app.meter_accounts a set picos = a.picos + whole.picos, micros = a.micros + whole.micros,
      batches = whole.number, folded_at = now()
    from whole where a.user_id = whole.user_id
  )
  insert into app.meter_batches (user_id, customer, first_day, last_day, picos, micros, identifier)
  select user_id, customer, first_day, last_day, picos, micros, 'usage/' || user_id || '/' || number from whole
  returning id;
end
$$;
revoke execute on function app.fold_usage from public;

-- A night's comparison of what a bot claimed (POST /usage) with what the ledger says of its day. Only
-- days on which something was claimed have a row. Never billed.
create table app.usage_claim_days (
  bot_id uuid not null references app.bots (id) on delete cascade,
  day date not null,
  claimed_calls bigint not null,
  claimed_tokens_in bigint not null,
  claimed_tokens_out bigint not null,
  ledger_calls bigint not null,
  ledger_tokens_in bigint not null,
  ledger_tokens_out bigint not null,
  compared_at timestamptz not null default now(),
  primary key (bot_id, day)
);
-- The purge of what is too old, and the night's look at one day, without reading every claim.
create index usage_claims_at on app.usage_claims (at);

do $$
declare t text;
begin
  foreach t in array array['metered_days', 'meter_accounts', 'meter_batches', 'usage_claim_days'] loop
    execute format('alter table app.%I enable row level security', t);
    execute format('alter table app.%I force row level security', t);
  end loop;
end
$$;
grant select on app.meter_batches to authenticated;
create policy own_meter_batches on app.meter_batches for select to authenticated
  using (user_id = (select auth.uid()));
