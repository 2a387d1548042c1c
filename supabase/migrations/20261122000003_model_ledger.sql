-- The ledger's hot path: budgets with reservations, group-committed reserve and settle, and what a
-- sweeper needs to close the calls of a process that died. One function call is one transaction, so
-- that a reservation costs one round trip and is durable when it returns.

alter table app.usage_logs
  -- The proxy process that holds the call. A row is open as long as its process may still settle it.
  add column process_id uuid,
  -- Part of tokens_out, where the provider says so.
  add column reasoning_tokens bigint not null default 0 check (reasoning_tokens between 0 and 1000000000),
  add constraint usage_logs_parts check (cache_read_tokens + cache_write_tokens + cache_write_1h_tokens <= tokens_in);
comment on column app.usage_logs.cache_write_tokens is 'Written for five minutes; cache_write_1h_tokens counts the others.';
comment on column app.usage_logs.tokens_out is 'While the row is reserved: what was seen so far. The same holds for all counts and cost_picos.';

create table app.model_processes (
  id uuid primary key,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now()
);

-- Caps, and what is committed against them: settled cost plus open reservations. Every reservation
-- and every settlement locks its bot's row first, in the order of the ids, so that caps hold under
-- any concurrency and no two batches deadlock.
create table app.model_budgets (
  bot_id uuid primary key references app.bots (id) on delete cascade,
  -- Provider cost in pico-dollars. $20 a day, $100 a month, $5 a day with nobody there, $5 a run.
  day_cap_picos bigint not null default 20000000000000 check (day_cap_picos >= 0),
  month_cap_picos bigint not null default 100000000000000 check (month_cap_picos >= 0),
  unattended_day_cap_picos bigint not null default 5000000000000 check (unattended_day_cap_picos >= 0),
  run_cap_picos bigint not null default 5000000000000 check (run_cap_picos >= 0),
  -- A turn that never ends asks the model again and again: 22 calls were seen before OpenClaw's own
  -- loop detection trips, 403 in 100 s without it.
  run_max_calls integer not null default 200 check (run_max_calls > 0),
  day date not null default (now() at time zone 'utc')::date,
  day_picos bigint not null default 0 check (day_picos >= 0),
  unattended_day_picos bigint not null default 0 check (unattended_day_picos >= 0),
  month date not null default date_trunc('month', now() at time zone 'utc')::date,
  month_picos bigint not null default 0 check (month_picos >= 0),
  -- The operator's stop for one bot: nothing is spent while it is set.
  held_since timestamptz,
  held_reason text
);

-- One run of a bot: all calls with one trace id.
create table app.model_runs (
  bot_id uuid not null references app.bots (id) on delete cascade,
  trace_id text not null check (length(trace_id) = 32),
  calls integer not null default 0,
  picos bigint not null default 0 check (picos >= 0),
  started_at timestamptz not null default now(),
  primary key (bot_id, trace_id)
);
create index model_runs_age on app.model_runs (started_at);

-- Reserves the worst case of each call, or says why not. Answers one row per call whose bot exists:
-- refusal is null when the call may go out. A call id that is already there is answered, not counted
-- again. Every look-up is by key: without the settings a plan made while the ledger was small would
-- go on scanning it whole.
create function app.reserve_calls(calls jsonb, process uuid)
returns table (call_id uuid, refusal text, call_cause text)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  c record;
  b app.model_budgets;
  run app.model_runs;
  today constant date := (now() at time zone 'utc')::date;
  this_month constant date := date_trunc('month', now() at time zone 'utc')::date;
begin
  insert into app.model_budgets (bot_id)
    select distinct bots.id from jsonb_to_recordset(calls) as x(bot_id uuid)
    join app.bots on bots.id = x.bot_id
    where not exists (select from app.model_budgets m where m.bot_id = bots.id)
    order by 1
    on conflict do nothing;
  perform from app.model_budgets
    where bot_id in (select x.bot_id from jsonb_to_recordset(calls) as x(bot_id uuid))
    order by bot_id for update;

  for c in
    select x.id, x.bot_id, x.model, x.provider, x.price_version, x.reserved_picos, x.trace_id,
      m.id as message_id,
      bots.status not in ('paused', 'failed', 'deleting') and bots.desired not in ('paused', 'deleted')
        and users.subscription_status in ('active', 'trialing') as entitled
    from rows from (jsonb_to_recordset(calls) as (id uuid, bot_id uuid, model text, provider text,
      price_version text, reserved_picos bigint, trace_id text)) with ordinality
      as x(id, bot_id, model, provider, price_version, reserved_picos, trace_id, position)
    join app.bots on bots.id = x.bot_id
    join app.users on users.id = bots.user_id
    left join app.messages m on m.id = x.trace_id::uuid and m.bot_id = x.bot_id
    order by x.bot_id, x.position
  loop
    call_id := c.id;
    call_cause := case when c.message_id is null then 'background' else 'chat' end;
    refusal := null;
    perform from app.usage_logs l where l.id = c.id;
    if found then
      return next;
      continue;
    end if;
    select * into b from app.model_budgets where bot_id = c.bot_id;
    if b.day < today then b.day := today; b.day_picos := 0; b.unattended_day_picos := 0; end if;
    if b.month < this_month then b.month := this_month; b.month_picos := 0; end if;
    run := null;
    if c.trace_id is not null then
      select * into run from app.model_runs r where r.bot_id = c.bot_id and r.trace_id = c.trace_id;
    end if;
    refusal := case
      when not c.entitled then 'not_entitled'
      when b.held_since is not null then 'held'
      when b.day_picos + c.reserved_picos > b.day_cap_picos then 'day_cap'
      when b.month_picos + c.reserved_picos > b.month_cap_picos then 'month_cap'
      when call_cause <> 'chat' and b.unattended_day_picos + c.reserved_picos > b.unattended_day_cap_picos
        then 'unattended_cap'
      when coalesce(run.picos, 0) + c.reserved_picos > b.run_cap_picos then 'run_cap'
      when coalesce(run.calls, 0) >= b.run_max_calls then 'run_calls'
    end;

    if refusal is null then
      insert into app.usage_logs (id, bot_id, model, state, cause, message_id, trace_id, provider,
          reserved_picos, price_version, process_id)
        values (c.id, c.bot_id, c.model, 'reserved', call_cause, c.message_id, c.trace_id, c.provider,
          c.reserved_picos, c.price_version, process);
      update app.model_budgets set
          day = b.day, day_picos = b.day_picos + c.reserved_picos,
          unattended_day_picos = b.unattended_day_picos + case when call_cause = 'chat' then 0 else c.reserved_picos end,
          month = b.month, month_picos = b.month_picos + c.reserved_picos
        where bot_id = c.bot_id;
      if c.trace_id is not null then
        insert into app.model_runs as r (bot_id, trace_id, calls, picos) values (c.bot_id, c.trace_id, 1, c.reserved_picos)
          on conflict (bot_id, trace_id) do update set calls = r.calls + 1, picos = r.picos + excluded.picos;
      end if;
    else
      -- One row a minute says enough about a bot that keeps knocking.
      insert into app.usage_logs (id, bot_id, model, state, cause, message_id, trace_id, provider,
          price_version, reason, settled_at)
        select c.id, c.bot_id, c.model, 'refused', call_cause, c.message_id, c.trace_id, c.provider,
          c.price_version, refusal, now()
        where not exists (select from app.usage_logs l where l.bot_id = c.bot_id and l.state = 'refused'
          and l.reason = refusal and l."timestamp" > now() - interval '1 minute');
    end if;
    return next;
  end loop;
end
$$;

-- Closes calls with what they cost, folds them into the day and gives back what was reserved too
-- much, once: a call that is no longer open is left alone. Answers the ids it closed.
create function app.settle_calls(calls jsonb)
returns setof uuid
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  perform from app.model_budgets
    where bot_id in (select l.bot_id from jsonb_to_recordset(calls) as x(id uuid) join app.usage_logs l on l.id = x.id)
    order by bot_id for update;

  return query
  with closed as (
    update app.usage_logs l set
      state = x.state, tokens_in = x.tokens_in, tokens_out = x.tokens_out,
      cache_read_tokens = x.cache_read_tokens, cache_write_tokens = x.cache_write_tokens,
      cache_write_1h_tokens = x.cache_write_1h_tokens, reasoning_tokens = x.reasoning_tokens,
      cost_picos = x.cost_picos, provider_request_id = x.provider_request_id, http_status = x.http_status,
      first_byte_ms = x.first_byte_ms, latency_ms = x.latency_ms, reason = x.reason, settled_at = now()
    from jsonb_to_recordset(calls) as x(id uuid, state text, tokens_in bigint, tokens_out bigint,
      cache_read_tokens bigint, cache_write_tokens bigint, cache_write_1h_tokens bigint,
      reasoning_tokens bigint, cost_picos bigint, provider_request_id text, http_status integer,
      first_byte_ms integer, latency_ms integer, reason text)
    where l.id = x.id and l.state = 'reserved'
    returning l.id, l.bot_id, l."timestamp" as at, l.model, l.cause, l.trace_id, l.tokens_in, l.tokens_out,
      l.cost_picos, l.reserved_picos, l.http_status
  ), day_rows as (
    insert into app.usage_days as d (bot_id, day, model, cause, calls, tokens_in, tokens_out, cost_picos)
    select bot_id, (at at time zone 'utc')::date, model, cause, count(*), sum(tokens_in), sum(tokens_out), sum(cost_picos)
    from closed
    where cost_picos > 0 or coalesce(http_status, 0) between 200 and 299
    group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (bot_id, day, model, cause) do update set
      calls = d.calls + excluded.calls, tokens_in = d.tokens_in + excluded.tokens_in,
      tokens_out = d.tokens_out + excluded.tokens_out, cost_picos = d.cost_picos + excluded.cost_picos
  ), budget_rows as (
    update app.model_budgets b set
      day_picos = b.day_picos + coalesce(s.day_change, 0),
      unattended_day_picos = b.unattended_day_picos + coalesce(s.unattended_change, 0),
      month_picos = b.month_picos + coalesce(s.month_change, 0)
    from (
      select c.bot_id,
        sum(c.cost_picos - c.reserved_picos) filter (where (c.at at time zone 'utc')::date = m.day) as day_change,
        sum(c.cost_picos - c.reserved_picos) filter (where (c.at at time zone 'utc')::date = m.day and c.cause <> 'chat')
          as unattended_change,
        sum(c.cost_picos - c.reserved_picos) filter (where date_trunc('month', c.at at time zone 'utc')::date = m.month)
          as month_change
      from closed c join app.model_budgets m on m.bot_id = c.bot_id
      group by c.bot_id
    ) s
    where b.bot_id = s.bot_id
  ), run_rows as (
    update app.model_runs r set picos = r.picos + s.change
    from (
      select bot_id, trace_id, sum(cost_picos - reserved_picos) as change
      from closed where trace_id is not null group by 1, 2
    ) s
    where r.bot_id = s.bot_id and r.trace_id = s.trace_id
  ), told as (
    select pg_notify('molt', json_build_object('kind', 'usage', 'botId', bot_id, 'userId', user_id)::text)
    from (select distinct c.bot_id, bots.user_id from closed c join app.bots on bots.id = c.bot_id) affected
  )
  select closed.id from closed cross join (select count(*) from told) once;
end
$$;

-- What is known of running calls, so that a process that dies leaves more than nothing. Never moves
-- a closed row.
create function app.note_calls(calls jsonb)
returns void
language sql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
  update app.usage_logs l set
    tokens_in = x.tokens_in, tokens_out = x.tokens_out, cache_read_tokens = x.cache_read_tokens,
    cache_write_tokens = x.cache_write_tokens, cache_write_1h_tokens = x.cache_write_1h_tokens,
    reasoning_tokens = x.reasoning_tokens, cost_picos = x.cost_picos
  from jsonb_to_recordset(calls) as x(id uuid, tokens_in bigint, tokens_out bigint, cache_read_tokens bigint,
    cache_write_tokens bigint, cache_write_1h_tokens bigint, reasoning_tokens bigint, cost_picos bigint)
  where l.id = x.id and l.state = 'reserved'
$$;

-- Closes what nobody will close any more: calls of processes that were not seen for a while, and any
-- call older than the longest a call may take. They cost what was noted of them, never more than
-- was reserved, and say that they are estimates.
create function app.sweep_calls(process_grace interval, longest_call interval, at_most integer)
returns setof uuid
language plpgsql as $$
declare
  abandoned jsonb;
begin
  select jsonb_agg(jsonb_build_object('id', l.id, 'state', 'estimated', 'tokens_in', l.tokens_in,
      'tokens_out', l.tokens_out, 'cache_read_tokens', l.cache_read_tokens, 'cache_write_tokens', l.cache_write_tokens,
      'cache_write_1h_tokens', l.cache_write_1h_tokens, 'reasoning_tokens', l.reasoning_tokens,
      'cost_picos', least(l.cost_picos, l.reserved_picos), 'provider_request_id', l.provider_request_id,
      'reason', 'process_ended'))
    into abandoned
    from (
      select o.* from app.usage_logs o
      where o.state = 'reserved'
        and (o."timestamp" < now() - longest_call
          or not exists (select from app.model_processes p where p.id = o.process_id and p.seen_at > now() - process_grace))
      order by o."timestamp" limit at_most
    ) l;
  if abandoned is null then return; end if;
  return query select app.settle_calls(abandoned);
end
$$;

do $$
declare t text;
begin
  foreach t in array array['model_processes', 'model_budgets', 'model_runs'] loop
    execute format('alter table app.%I enable row level security', t);
    execute format('alter table app.%I force row level security', t);
  end loop;
end
$$;
grant select on app.model_budgets to authenticated;
create policy own_budget on app.model_budgets for select to authenticated
  using (bot_id in (select id from app.bots where user_id = (select auth.uid())));

-- Functions may be called by anybody unless that is taken away.
revoke execute on function app.reserve_calls, app.settle_calls, app.note_calls, app.sweep_calls from public;
