-- The ledger's hot path by the set: calls of bots that have room are kept by one statement, only
-- those of a bot near a cap are looked at one by one. And what each message came to, for GET /usage.

-- What the calls of one message add up to in one month, folded in the transaction that settles a
-- call. A message answered over midnight at the end of a month has a row in both.
create table app.usage_messages (
  bot_id uuid not null references app.bots (id) on delete cascade,
  -- First day of the month of the calls, UTC.
  month date not null,
  message_id uuid not null,
  first_at timestamptz not null,
  calls bigint not null default 0,
  tokens_in bigint not null default 0,
  tokens_out bigint not null default 0,
  cost_picos bigint not null default 0,
  primary key (bot_id, month, message_id)
);
create index usage_messages_dearest on app.usage_messages (bot_id, month, cost_picos desc);
alter table app.usage_messages enable row level security;
alter table app.usage_messages force row level security;
grant select on app.usage_messages to authenticated;
create policy own_usage_messages on app.usage_messages for select to authenticated
  using (bot_id in (select id from app.bots where user_id = (select auth.uid())));

-- No call may be settled between these sums and the function that goes on from them.
lock table app.usage_logs in share mode;
insert into app.usage_messages (bot_id, month, message_id, first_at, calls, tokens_in, tokens_out, cost_picos)
  select bot_id, date_trunc('month', "timestamp" at time zone 'utc')::date, message_id, min("timestamp"), count(*),
    sum(tokens_in), sum(tokens_out), sum(cost_picos)
  from app.usage_logs
  where message_id is not null and state in ('settled', 'estimated')
    and (cost_picos > 0 or coalesce(http_status, 0) between 200 and 299)
  group by 1, 2, 3;

-- Rows that are written again and again keep room on their page, so that no index has to follow.
alter table app.model_budgets set (fillfactor = 50);
alter table app.model_runs set (fillfactor = 50);
alter table app.usage_days set (fillfactor = 50);

-- Reserves the worst case of each call, or says why not. The arrays are columns: the n-th elements
-- are the n-th call. Answers one row per call whose bot exists: refusal is null when the call may go
-- out. A call that is already there is answered as it was, not counted again.
--
-- Every reservation and settlement locks the budgets of its bots first, in the order of the ids, and
-- reads in later statements: what it reads is what the holder before it committed. Every look-up is
-- by key: without the settings a plan made while the ledger was small would go on scanning it whole.
create function app.reserve_calls(
  ids uuid[], bots uuid[], models text[], providers text[], price_versions text[], worst_picos bigint[],
  traces text[], hints text[], process uuid)
returns table (call_id uuid, refusal text, call_cause text)
language plpgsql set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
declare
  at timestamptz;
  today date;
  this_month date;
  answered bigint;
begin
  insert into app.model_budgets (bot_id)
    select distinct b.id from unnest(bots) as x(bot_id) join app.bots b on b.id = x.bot_id
    where not exists (select from app.model_budgets m where m.bot_id = x.bot_id)
    order by 1
    on conflict do nothing;
  perform from app.model_budgets m where m.bot_id = any (bots) order by m.bot_id for update;
  -- After the locks: the days of one bot's calls never run backwards.
  at := clock_timestamp();
  today := (at at time zone 'utc')::date;
  this_month := date_trunc('month', at at time zone 'utc')::date;

  -- Whose calls all fit, whatever becomes of them. Repeated calls count here too: that can only send
  -- a bot to the exact way below.
  with asked as (
    select x.*, m.id as message_id,
      case when m.id is null then coalesce(nullif(x.hint, 'chat'), 'background') else 'chat' end as cause,
      bots.status not in ('paused', 'failed', 'deleting') and bots.desired not in ('paused', 'deleted')
        and users.subscription_status in ('active', 'trialing') as entitled,
      b.held_since, b.day_cap_picos, b.month_cap_picos, b.unattended_day_cap_picos, b.run_cap_picos, b.run_max_calls,
      case when b.day < today then 0 else b.day_picos end as day_picos,
      case when b.day < today then 0 else b.unattended_day_picos end as unattended_day_picos,
      case when b.month < this_month then 0 else b.month_picos end as month_picos,
      coalesce(r.picos, 0) as run_picos, coalesce(r.calls, 0) as run_calls
    from unnest(ids, bots, models, providers, price_versions, worst_picos, traces, hints)
      as x(id, bot_id, model, provider, price_version, picos, trace_id, hint)
    join app.model_budgets b on b.bot_id = x.bot_id
    join app.bots on bots.id = x.bot_id
    join app.users on users.id = bots.user_id
    left join app.messages m on m.id = x.trace_id::uuid and m.bot_id = x.bot_id
    -- By key whatever the planner knows: it joins an empty table by reading all of it for each call.
    left join lateral (
      select m.picos, m.calls from app.model_runs m where m.bot_id = x.bot_id and m.trace_id = x.trace_id offset 0
    ) r on true
  ), weighed as (
    select asked.*,
      entitled and held_since is null
        and day_picos + sum(picos) over of_bot <= day_cap_picos
        and month_picos + sum(picos) over of_bot <= month_cap_picos
        and unattended_day_picos + sum(case when cause = 'chat' then 0 else picos end) over of_bot
          <= unattended_day_cap_picos
        and run_picos + sum(picos) over of_run <= run_cap_picos
        and run_calls + count(*) over of_run <= run_max_calls as fits
    from asked
    window of_run as (partition by bot_id, coalesce(trace_id, id::text)), of_bot as (partition by bot_id)
  ), fitting as (
    select weighed.*, bool_and(fits) over (partition by bot_id) as all_fit from weighed
  ), kept as (
    insert into app.usage_logs (id, bot_id, model, "timestamp", state, cause, message_id, trace_id, provider,
        reserved_picos, price_version, process_id)
      select id, bot_id, model, at, 'reserved', cause, message_id, trace_id, provider, picos, price_version, process
      from fitting where all_fit
      on conflict (id) do nothing
      returning bot_id, trace_id, cause, reserved_picos
  ), budget_rows as (
    update app.model_budgets b set
        day = today, month = this_month,
        day_picos = case when b.day < today then 0 else b.day_picos end + s.picos,
        unattended_day_picos = case when b.day < today then 0 else b.unattended_day_picos end + s.unattended,
        month_picos = case when b.month < this_month then 0 else b.month_picos end + s.picos
      from (
        select bot_id, sum(reserved_picos)::bigint as picos,
          coalesce(sum(reserved_picos) filter (where cause <> 'chat'), 0)::bigint as unattended
        from kept group by bot_id
      ) s
      where b.bot_id = s.bot_id
  )
  insert into app.model_runs as r (bot_id, trace_id, calls, picos)
    select bot_id, trace_id, count(*), sum(reserved_picos) from kept where trace_id is not null group by 1, 2
    on conflict (bot_id, trace_id) do update set calls = r.calls + excluded.calls, picos = r.picos + excluded.picos;

  return query
    select l.id, case when l.state = 'refused' then l.reason end, l.cause
    from unnest(ids) as x(id) join app.usage_logs l on l.id = x.id;
  get diagnostics answered = row_count;
  if answered < cardinality(ids) then
    return query select * from app.reserve_one_by_one(
      ids, bots, models, providers, price_versions, worst_picos, traces, hints, process, at);
  end if;
end
$$;

-- The calls that have no row yet, each by itself and in their order, against everything before it: a
-- call that does not fit is in the way of no later, smaller one. Only for app.reserve_calls, which
-- holds the locks.
create function app.reserve_one_by_one(
  ids uuid[], bots uuid[], models text[], providers text[], price_versions text[], worst_picos bigint[],
  traces text[], hints text[], process uuid, at timestamptz)
returns table (call_id uuid, refusal text, call_cause text)
language plpgsql as $$
declare
  c record;
  b app.model_budgets;
  run app.model_runs;
  today constant date := (at at time zone 'utc')::date;
  this_month constant date := date_trunc('month', at at time zone 'utc')::date;
begin
  for c in
    select x.*, m.id as message_id,
      bots.status not in ('paused', 'failed', 'deleting') and bots.desired not in ('paused', 'deleted')
        and users.subscription_status in ('active', 'trialing') as entitled
    from (
      select distinct on (u.id) u.*
      from unnest(ids, bots, models, providers, price_versions, worst_picos, traces, hints) with ordinality
        as u(id, bot_id, model, provider, price_version, picos, trace_id, hint, position)
      order by u.id, u.position
    ) x
    join app.bots on bots.id = x.bot_id
    join app.users on users.id = bots.user_id
    left join app.messages m on m.id = x.trace_id::uuid and m.bot_id = x.bot_id
    where not exists (select from app.usage_logs l where l.id = x.id)
    order by x.bot_id, x.position
  loop
    call_id := c.id;
    call_cause := case when c.message_id is null then coalesce(nullif(c.hint, 'chat'), 'background') else 'chat' end;
    select * into b from app.model_budgets m where m.bot_id = c.bot_id;
    if b.day < today then b.day := today; b.day_picos := 0; b.unattended_day_picos := 0; end if;
    if b.month < this_month then b.month := this_month; b.month_picos := 0; end if;
    select * into run from app.model_runs r where r.bot_id = c.bot_id and r.trace_id = c.trace_id;
    refusal := case
      when not c.entitled then 'not_entitled'
      when b.held_since is not null then 'held'
      when b.day_picos + c.picos > b.day_cap_picos then 'day_cap'
      when b.month_picos + c.picos > b.month_cap_picos then 'month_cap'
      when call_cause <> 'chat' and b.unattended_day_picos + c.picos > b.unattended_day_cap_picos
        then 'unattended_cap'
      when coalesce(run.picos, 0) + c.picos > b.run_cap_picos then 'run_cap'
      when coalesce(run.calls, 0) >= b.run_max_calls then 'run_calls'
    end;

    if refusal is null then
      insert into app.usage_logs (id, bot_id, model, "timestamp", state, cause, message_id, trace_id, provider,
          reserved_picos, price_version, process_id)
        values (c.id, c.bot_id, c.model, at, 'reserved', call_cause, c.message_id, c.trace_id, c.provider,
          c.picos, c.price_version, process);
      update app.model_budgets m set
          day = b.day, day_picos = b.day_picos + c.picos,
          unattended_day_picos = b.unattended_day_picos + case when call_cause = 'chat' then 0 else c.picos end,
          month = b.month, month_picos = b.month_picos + c.picos
        where m.bot_id = c.bot_id;
      if c.trace_id is not null then
        insert into app.model_runs as r (bot_id, trace_id, calls, picos) values (c.bot_id, c.trace_id, 1, c.picos)
          on conflict (bot_id, trace_id) do update set calls = r.calls + 1, picos = r.picos + excluded.picos;
      end if;
    else
      -- One row a minute says enough about a bot that keeps knocking.
      insert into app.usage_logs (id, bot_id, model, "timestamp", state, cause, message_id, trace_id, provider,
          price_version, reason, settled_at)
        select c.id, c.bot_id, c.model, at, 'refused', call_cause, c.message_id, c.trace_id, c.provider,
          c.price_version, refusal, at
        where not exists (select from app.usage_logs l where l.bot_id = c.bot_id and l.state = 'refused'
          and l.reason = refusal and l."timestamp" > at - interval '1 minute');
    end if;
    return next;
  end loop;
end
$$;

-- The same for callers that hold the calls as objects.
create or replace function app.reserve_calls(calls jsonb, process uuid)
returns table (call_id uuid, refusal text, call_cause text)
language sql as $$
  select r.* from (
    select array_agg(x.id order by x.position) as ids, array_agg(x.bot_id order by x.position) as bots,
      array_agg(x.model order by x.position) as models, array_agg(x.provider order by x.position) as providers,
      array_agg(x.price_version order by x.position) as price_versions,
      array_agg(x.reserved_picos order by x.position) as worst_picos,
      array_agg(x.trace_id order by x.position) as traces, array_agg(null::text) as hints
    from rows from (jsonb_to_recordset(calls) as (id uuid, bot_id uuid, model text, provider text, price_version text,
      reserved_picos bigint, trace_id text)) with ordinality
      as x(id, bot_id, model, provider, price_version, reserved_picos, trace_id, position)
  ) a
  cross join lateral app.reserve_calls(a.ids, a.bots, a.models, a.providers, a.price_versions, a.worst_picos,
    a.traces, a.hints, process) r
$$;

-- Closes calls with what they cost, folds them into the day and the message, and gives back what was
-- reserved too much, once: a call that is no longer open is left alone. Answers the ids it closed.
create function app.settle_calls(
  ids uuid[], states text[], tokens_ins bigint[], tokens_outs bigint[], cache_reads bigint[], cache_writes bigint[],
  cache_write_1hs bigint[], reasonings bigint[], costs bigint[], request_ids text[], http_statuses integer[],
  first_bytes_ms integer[], latencies_ms integer[], reasons text[])
returns setof uuid
language plpgsql set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
begin
  perform from app.model_budgets m
    where m.bot_id in (select l.bot_id from unnest(ids) as x(id) join app.usage_logs l on l.id = x.id)
    order by m.bot_id for update;

  return query
  with closed as (
    update app.usage_logs l set
      state = x.state, tokens_in = x.tokens_in, tokens_out = x.tokens_out,
      cache_read_tokens = x.cache_read, cache_write_tokens = x.cache_write,
      cache_write_1h_tokens = x.cache_write_1h, reasoning_tokens = x.reasoning,
      cost_picos = x.cost, provider_request_id = x.request_id, http_status = x.http_status,
      first_byte_ms = x.first_byte_ms, latency_ms = x.latency_ms, reason = x.reason, settled_at = now()
    from unnest(ids, states, tokens_ins, tokens_outs, cache_reads, cache_writes, cache_write_1hs, reasonings, costs,
        request_ids, http_statuses, first_bytes_ms, latencies_ms, reasons)
      as x(id, state, tokens_in, tokens_out, cache_read, cache_write, cache_write_1h, reasoning, cost,
        request_id, http_status, first_byte_ms, latency_ms, reason)
    -- Not "= 'reserved'": that would offer the index of all open calls, read whole for each call.
    where l.id = x.id and l.state not in ('settled', 'estimated', 'refused')
    returning l.id, l.bot_id, l."timestamp" as at, l.model, l.cause, l.trace_id, l.message_id, l.tokens_in,
      l.tokens_out, l.cost_picos, l.reserved_picos,
      l.cost_picos > 0 or coalesce(l.http_status, 0) between 200 and 299 as counts
  ), day_rows as (
    insert into app.usage_days as d (bot_id, day, model, cause, calls, tokens_in, tokens_out, cost_picos)
    select bot_id, (at at time zone 'utc')::date, model, cause, count(*), sum(tokens_in), sum(tokens_out), sum(cost_picos)
    from closed where counts
    group by 1, 2, 3, 4
    on conflict (bot_id, day, model, cause) do update set
      calls = d.calls + excluded.calls, tokens_in = d.tokens_in + excluded.tokens_in,
      tokens_out = d.tokens_out + excluded.tokens_out, cost_picos = d.cost_picos + excluded.cost_picos
  ), message_rows as (
    insert into app.usage_messages as d (bot_id, month, message_id, first_at, calls, tokens_in, tokens_out, cost_picos)
    select bot_id, date_trunc('month', at at time zone 'utc')::date, message_id, min(at), count(*), sum(tokens_in),
      sum(tokens_out), sum(cost_picos)
    from closed where counts and message_id is not null
    group by 1, 2, 3
    on conflict (bot_id, month, message_id) do update set
      first_at = least(d.first_at, excluded.first_at), calls = d.calls + excluded.calls,
      tokens_in = d.tokens_in + excluded.tokens_in, tokens_out = d.tokens_out + excluded.tokens_out,
      cost_picos = d.cost_picos + excluded.cost_picos
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
  select closed.id from closed where (select count(*) from told) >= 0;
end
$$;

-- The same for callers that hold the calls as objects; the sweeper is one.
create or replace function app.settle_calls(calls jsonb)
returns setof uuid
language sql as $$
  select app.settle_calls(
    array_agg(x.id), array_agg(x.state), array_agg(x.tokens_in), array_agg(x.tokens_out),
    array_agg(x.cache_read_tokens), array_agg(x.cache_write_tokens), array_agg(x.cache_write_1h_tokens),
    array_agg(x.reasoning_tokens), array_agg(x.cost_picos), array_agg(x.provider_request_id), array_agg(x.http_status),
    array_agg(x.first_byte_ms), array_agg(x.latency_ms), array_agg(x.reason))
  from jsonb_to_recordset(calls) as x(id uuid, state text, tokens_in bigint, tokens_out bigint,
    cache_read_tokens bigint, cache_write_tokens bigint, cache_write_1h_tokens bigint,
    reasoning_tokens bigint, cost_picos bigint, provider_request_id text, http_status integer,
    first_byte_ms integer, latency_ms integer, reason text)
$$;

-- What is known of running calls, so that a process that dies leaves more than nothing. Never moves
-- a closed row, and never waits: a row that somebody holds is just being closed.
create or replace function app.note_calls(calls jsonb)
returns void
language sql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
  update app.usage_logs l set
    tokens_in = x.tokens_in, tokens_out = x.tokens_out, cache_read_tokens = x.cache_read_tokens,
    cache_write_tokens = x.cache_write_tokens, cache_write_1h_tokens = x.cache_write_1h_tokens,
    reasoning_tokens = x.reasoning_tokens, cost_picos = x.cost_picos
  from jsonb_to_recordset(calls) as x(id uuid, tokens_in bigint, tokens_out bigint, cache_read_tokens bigint,
    cache_write_tokens bigint, cache_write_1h_tokens bigint, reasoning_tokens bigint, cost_picos bigint)
  where l.id = x.id and l.id in (
    select o.id from app.usage_logs o
    where o.id in (select y.id from jsonb_to_recordset(calls) as y(id uuid)) and o.state = 'reserved'
    for update skip locked)
$$;

-- Functions may be called by anybody unless that is taken away.
revoke execute on function
  app.reserve_calls(uuid[], uuid[], text[], text[], text[], bigint[], text[], text[], uuid),
  app.reserve_one_by_one(uuid[], uuid[], text[], text[], text[], bigint[], text[], text[], uuid, timestamptz),
  app.settle_calls(uuid[], text[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], text[],
    integer[], integer[], integer[], text[]) from public;
