-- The language of a person's mails, mails that hold a secret or lose their meaning, and how an account
-- ends: step by step, with a receipt a step, and with nothing left of the person but what the books need.

alter table app.users
  add column language text not null default 'en' check (language in ('en', 'de')),
  -- Its owner asked for the end. Nothing but the end happens to the account from here on.
  add column deleted_at timestamptz;
-- A mail finds the language of its recipient.
create index users_email on app.users (email);

alter table app.mails
  -- Somebody sits and waits for it: sent before and beside everything else.
  add column urgent boolean not null default false,
  -- After this it is worth nothing, and is not sent any more.
  add column expires_at timestamptz;
create index mails_expiring on app.mails (expires_at) where state = 'pending' and expires_at is not null;

-- Deleting a message looks for the answers to it; without this every row is read for each.
create index messages_reply_to on app.messages (reply_to) where reply_to is not null;

-- One row an account that ends or has ended: what is still to be done, and the proof that it was. Holds
-- no person once `email` is null. Never deleted: a token of an ended account is known by it.
create table app.account_deletions (
  user_id uuid primary key,
  -- 'operator': the account was deleted at the auth service, and we learned of it by that.
  asked_by text not null check (asked_by in ('user', 'operator')),
  asked_at timestamptz not null default now(),
  -- For the last mail; null once that is queued.
  email text,
  language text not null default 'en',
  -- Names the invoices that the law wants kept. At Stripe it is nobody's any more.
  stripe_customer_id text,
  machine_removed_at timestamptz,
  subscription_ended_at timestamptz,
  account_removed_at timestamptz,
  finished_at timestamptz,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  note text
);
create index account_deletions_due on app.account_deletions (next_attempt_at) where finished_at is null;

-- What the invoices of ended accounts were made of: sums a month and model, of nobody.
create table app.closed_usage (
  user_id uuid not null,
  month date not null,
  model text not null,
  calls bigint not null,
  tokens_in bigint not null,
  tokens_out bigint not null,
  cost_picos bigint not null,
  primary key (user_id, month, model)
);

do $$
declare t text;
begin
  foreach t in array array['account_deletions', 'closed_usage'] loop
    execute format('alter table app.%I enable row level security', t);
    execute format('alter table app.%I force row level security', t);
  end loop;
end
$$;

-- Whoever deletes the account, we or somebody at the auth service: the books are closed in the same
-- transaction, and what is left to do elsewhere (subscription, machine) has a row that says so.
create function app.close_account() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into app.account_deletions as d (user_id, asked_by, email, language, stripe_customer_id, account_removed_at)
    values (old.id, 'operator', old.email, old.language, old.stripe_customer_id, pg_catalog.now())
    on conflict (user_id) do update set
      stripe_customer_id = coalesce(d.stripe_customer_id, excluded.stripe_customer_id),
      account_removed_at = coalesce(d.account_removed_at, excluded.account_removed_at);
  insert into app.closed_usage (user_id, month, model, calls, tokens_in, tokens_out, cost_picos)
    select old.id, pg_catalog.date_trunc('month', u.day::timestamp)::date, u.model, sum(u.calls), sum(u.tokens_in),
      sum(u.tokens_out), sum(u.cost_picos)
    from app.usage_days u join app.bots b on b.id = u.bot_id
    where b.user_id = old.id
    group by 2, 3
    on conflict (user_id, month, model) do nothing;
  perform pg_catalog.pg_notify('molt', pg_catalog.json_build_object('kind', 'account', 'userId', old.id)::text);
  return old;
end
$$;
create trigger users_close before delete on app.users for each row execute function app.close_account();
revoke execute on function app.close_account from public;
