-- The ledger holds against calls that live long: a run is forgotten by its last use and never under an
-- open call, no counter is given back below nothing, one call that cannot be closed keeps no other one
-- open, a call that was swept while its process was only frozen is set right by its real numbers, and
-- an old message opens no budget. Notes and claims are found by key.

-- A day and not a moment: a value that seldom moves lets the update of a run keep off its indexes.
alter table app.model_runs add column used_on date not null default (now() at time zone 'utc')::date;
comment on column app.model_runs.used_on is 'Day (UTC) of the last reservation. Runs are forgotten by it, never by started_at.';
drop index app.model_runs_age;
create index model_runs_age on app.model_runs (used_on);

-- How many claims a bot has sent lately, without looking through all of them.
create index usage_claims_received on app.usage_claims (bot_id, received_at);

-- Whether somebody waits for what is done with a message: a bot knows the ids of all its messages, so
-- the id alone proves nothing. A run ends after 30 minutes (agents.defaults.timeoutSeconds), and is
-- tried again after a failure: two hours are four runs in full. A message that lay in the queue while
-- its bot could not be reached counts until it is answered, but no longer than its run is remembered
-- (table.ts, deleteOldRuns): with the run the cap of the run would begin anew.
create function app.is_awaited(role text, state text, stored_at timestamptz, at timestamptz) returns boolean
language sql immutable as $$
  select role = 'user' and (stored_at > at - interval '2 hours'
    or state in ('queued', 'delivered') and stored_at > at - interval '7 days')
$$;

-- Reserves the worst case of each call, or says why not. The arrays are columns: the n-th elements
-- are the n-th call. Answers one row per call whose bot exists: refusal is null when the call may go
-- out. A call that is already there is answered as it was, not counted again.
--
-- Every reservation and settlement locks the budgets of its bots first, in the order of the ids, and
-- reads in later statements: what it reads is what the holder before it committed. Every look-up is
-- by key: without the settings a plan made while the ledger was small would go on scanning it whole.
create or replace function app.reserve_calls(
  ids uuid[], bots uuid[], models text[], providers text[], price_versions text[], worst_picos bigint[],
  traces text[], hints text[], process uuid)
returns table (call_id uuid, refusal text, call_cause text)
language plpgsql set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
<<reserving>>
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
      and app.is_awaited(m.role, m.state, m.at, reserving.at)
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
    -- The days of a budget never run backwards, though the clock may.
    update app.model_budgets b set
        day = greatest(b.day, today), month = greatest(b.month, this_month),
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
  insert into app.model_runs as r (bot_id, trace_id, calls, picos, used_on)
    select bot_id, trace_id, count(*), sum(reserved_picos), today from kept where trace_id is not null group by 1, 2
    on conflict (bot_id, trace_id) do update set calls = r.calls + excluded.calls, picos = r.picos + excluded.picos,
      used_on = greatest(r.used_on, excluded.used_on);

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
create or replace function app.reserve_one_by_one(
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
      and app.is_awaited(m.role, m.state, m.at, reserve_one_by_one.at)
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
        insert into app.model_runs as r (bot_id, trace_id, calls, picos, used_on)
          values (c.bot_id, c.trace_id, 1, c.picos, today)
          on conflict (bot_id, trace_id) do update set calls = r.calls + 1, picos = r.picos + excluded.picos,
            used_on = greatest(r.used_on, excluded.used_on);
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

-- The short way of a single call of a bot with room. Answers true when the call is kept, with its
-- cause; nothing is changed otherwise.
create or replace function app.reserve_alone(
  id uuid, bot uuid, model text, provider text, price_version text, picos bigint, trace text, hint text, process uuid,
  out kept boolean, out cause text)
language plpgsql as $$
<<reserving>>
declare
  at timestamptz;
  today date;
  this_month date;
  b app.model_budgets;
  message uuid;
  entitled boolean;
  run_picos bigint;
  run_calls integer;
begin
  kept := false;
  select * into b from app.model_budgets m where m.bot_id = bot for update;
  if not found or b.held_since is not null then return; end if;
  -- After the lock, and in a statement of its own: what is read is what the holder before committed.
  at := clock_timestamp();
  today := (at at time zone 'utc')::date;
  this_month := date_trunc('month', at at time zone 'utc')::date;
  select bots.status not in ('paused', 'failed', 'deleting') and bots.desired not in ('paused', 'deleted')
      and users.subscription_status in ('active', 'trialing'),
    (select m.id from app.messages m where m.id = trace::uuid and m.bot_id = bot
      and app.is_awaited(m.role, m.state, m.at, reserving.at)),
    r.picos, r.calls
    into entitled, message, run_picos, run_calls
    from app.bots
    join app.users on users.id = bots.user_id
    left join app.model_runs r on r.bot_id = bot and r.trace_id = trace
    where bots.id = bot;
  if not coalesce(entitled, false) then return; end if;
  cause := case when message is null then coalesce(nullif(hint, 'chat'), 'background') else 'chat' end;
  if b.day < today then b.day_picos := 0; b.unattended_day_picos := 0; end if;
  if b.month < this_month then b.month_picos := 0; end if;
  if b.day_picos + picos > b.day_cap_picos or b.month_picos + picos > b.month_cap_picos
    or (message is null and b.unattended_day_picos + picos > b.unattended_day_cap_picos)
    or coalesce(run_picos, 0) + picos > b.run_cap_picos or coalesce(run_calls, 0) >= b.run_max_calls
  then return; end if;

  insert into app.usage_logs (id, bot_id, model, "timestamp", state, cause, message_id, trace_id, provider,
      reserved_picos, price_version, process_id)
    values (id, bot, model, at, 'reserved', cause, message, trace, provider, picos, price_version, process)
    on conflict do nothing;
  if not found then return; end if;
  update app.model_budgets m set
      day = greatest(b.day, today), day_picos = b.day_picos + picos,
      unattended_day_picos = b.unattended_day_picos + case when message is null then picos else 0 end,
      month = greatest(b.month, this_month), month_picos = b.month_picos + picos
    where m.bot_id = bot;
  if trace is not null then
    insert into app.model_runs as r (bot_id, trace_id, calls, picos, used_on) values (bot, trace, 1, picos, today)
      on conflict (bot_id, trace_id) do update set calls = r.calls + 1, picos = r.picos + excluded.picos,
        used_on = greatest(r.used_on, excluded.used_on);
  end if;
  kept := true;
end
$$;

-- Closes calls with what they cost, folds them into the day and the message, and gives back what was
-- reserved too much, once: a call that is no longer open is left alone, or set right
-- (app.correct_calls). Answers the ids it closed or set right.
--
-- No counter goes below nothing: what was counted elsewhere (the clock was set back over midnight, a
-- run was forgotten) may not be in the way of every call that is settled with it.
create or replace function app.settle_calls(
  ids uuid[], states text[], tokens_ins bigint[], tokens_outs bigint[], cache_reads bigint[], cache_writes bigint[],
  cache_write_1hs bigint[], reasonings bigint[], costs bigint[], request_ids text[], http_statuses integer[],
  first_bytes_ms integer[], latencies_ms integer[], reasons text[])
returns setof uuid
language plpgsql set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
declare
  closed_ids uuid[];
  missing uuid[];
begin
  perform from app.model_budgets m
    where m.bot_id in (select l.bot_id from unnest(ids) as x(id) join app.usage_logs l on l.id = x.id)
    order by m.bot_id for update;

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
      day_picos = greatest(0, b.day_picos + coalesce(s.day_change, 0)),
      unattended_day_picos = greatest(0, b.unattended_day_picos + coalesce(s.unattended_change, 0)),
      month_picos = greatest(0, b.month_picos + coalesce(s.month_change, 0))
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
    update app.model_runs r set picos = greatest(0, r.picos + s.change)
    from (
      select bot_id, trace_id, sum(cost_picos - reserved_picos) as change
      from closed where trace_id is not null group by 1, 2
    ) s
    where r.bot_id = s.bot_id and r.trace_id = s.trace_id
  ), told as (
    select pg_notify('molt', json_build_object('kind', 'usage', 'botId', bot_id, 'userId', user_id)::text)
    from (select distinct c.bot_id, bots.user_id from closed c join app.bots on bots.id = c.bot_id) affected
  )
  select array_agg(closed.id) into closed_ids from closed where (select count(*) from told) >= 0;
  return query select unnest(closed_ids);
  if coalesce(cardinality(closed_ids), 0) >= cardinality(ids) then return; end if;
  -- Closed before. Most say the same once more; those that the sweeper closed have something to learn.
  missing := array(select unnest(ids) except select unnest(closed_ids));
  if exists (select from unnest(missing) as x(id) join app.usage_logs l on l.id = x.id
    where l.state = 'estimated' and l.reason = 'process_ended')
  then
    return query select * from app.correct_calls(ids, states, tokens_ins, tokens_outs, cache_reads, cache_writes,
      cache_write_1hs, reasonings, costs, request_ids, http_statuses, first_bytes_ms, latencies_ms, reasons);
  end if;
end
$$;

-- Calls that the sweeper closed although their process was only frozen, set right by what the process
-- says of them after all. Once: the row has another reason afterwards. Only upwards, because the sums
-- of a day may never shrink (they may be billed already); a sweeper's estimate is never above the
-- truth, so a settlement below it is a mistake and is left alone. Only for app.settle_calls, which
-- holds the locks.
create function app.correct_calls(
  ids uuid[], states text[], tokens_ins bigint[], tokens_outs bigint[], cache_reads bigint[], cache_writes bigint[],
  cache_write_1hs bigint[], reasonings bigint[], costs bigint[], request_ids text[], http_statuses integer[],
  first_bytes_ms integer[], latencies_ms integer[], reasons text[])
returns setof uuid
language plpgsql as $$
begin
  return query
  with corrected as (
    update app.usage_logs l set
      state = x.state, tokens_in = x.tokens_in, tokens_out = x.tokens_out,
      cache_read_tokens = x.cache_read, cache_write_tokens = x.cache_write,
      cache_write_1h_tokens = x.cache_write_1h, reasoning_tokens = x.reasoning,
      cost_picos = x.cost, provider_request_id = x.request_id, http_status = x.http_status,
      first_byte_ms = x.first_byte_ms, latency_ms = x.latency_ms, reason = coalesce(x.reason, 'corrected'),
      settled_at = now()
    from unnest(ids, states, tokens_ins, tokens_outs, cache_reads, cache_writes, cache_write_1hs, reasonings, costs,
        request_ids, http_statuses, first_bytes_ms, latencies_ms, reasons)
      as x(id, state, tokens_in, tokens_out, cache_read, cache_write, cache_write_1h, reasoning, cost,
        request_id, http_status, first_byte_ms, latency_ms, reason)
    join app.usage_logs old on old.id = x.id
    where l.id = old.id and l.state = 'estimated' and l.reason = 'process_ended'
      and x.reason is distinct from 'process_ended' and x.cost >= l.cost_picos
    -- A call that cost nothing and had no answer is in no sum yet.
    returning l.id, l.bot_id, l."timestamp" as at, l.model, l.cause, l.trace_id, l.message_id,
      l.cost_picos - old.cost_picos as more_picos,
      case when old.cost_picos > 0 then 0 else 1 end as more_calls,
      l.tokens_in - case when old.cost_picos > 0 then old.tokens_in else 0 end as more_in,
      l.tokens_out - case when old.cost_picos > 0 then old.tokens_out else 0 end as more_out,
      l.cost_picos > 0 or coalesce(l.http_status, 0) between 200 and 299 as counts
  ), day_rows as (
    insert into app.usage_days as d (bot_id, day, model, cause, calls, tokens_in, tokens_out, cost_picos)
    select bot_id, (at at time zone 'utc')::date, model, cause, sum(more_calls), sum(more_in), sum(more_out), sum(more_picos)
    from corrected where counts
    group by 1, 2, 3, 4
    on conflict (bot_id, day, model, cause) do update set
      calls = d.calls + excluded.calls, tokens_in = d.tokens_in + excluded.tokens_in,
      tokens_out = d.tokens_out + excluded.tokens_out, cost_picos = d.cost_picos + excluded.cost_picos
  ), message_rows as (
    insert into app.usage_messages as d (bot_id, month, message_id, first_at, calls, tokens_in, tokens_out, cost_picos)
    select bot_id, date_trunc('month', at at time zone 'utc')::date, message_id, min(at), sum(more_calls), sum(more_in),
      sum(more_out), sum(more_picos)
    from corrected where counts and message_id is not null
    group by 1, 2, 3
    on conflict (bot_id, month, message_id) do update set
      first_at = least(d.first_at, excluded.first_at), calls = d.calls + excluded.calls,
      tokens_in = d.tokens_in + excluded.tokens_in, tokens_out = d.tokens_out + excluded.tokens_out,
      cost_picos = d.cost_picos + excluded.cost_picos
  ), budget_rows as (
    update app.model_budgets b set
      day_picos = b.day_picos + s.day_more, unattended_day_picos = b.unattended_day_picos + s.unattended_more,
      month_picos = b.month_picos + s.month_more
    from (
      select c.bot_id,
        coalesce(sum(c.more_picos) filter (where (c.at at time zone 'utc')::date = m.day), 0) as day_more,
        coalesce(sum(c.more_picos) filter (where (c.at at time zone 'utc')::date = m.day and c.cause <> 'chat'), 0)
          as unattended_more,
        coalesce(sum(c.more_picos) filter (where date_trunc('month', c.at at time zone 'utc')::date = m.month), 0)
          as month_more
      from corrected c join app.model_budgets m on m.bot_id = c.bot_id
      group by c.bot_id
    ) s
    where b.bot_id = s.bot_id
  ), run_rows as (
    update app.model_runs r set picos = r.picos + s.more
    from (
      select c.bot_id, c.trace_id, sum(c.more_picos) as more
      from corrected c
      -- A run that was forgotten meanwhile and came back never counted this call.
      join app.model_runs m on m.bot_id = c.bot_id and m.trace_id = c.trace_id and m.started_at <= c.at
      group by 1, 2
    ) s
    where r.bot_id = s.bot_id and r.trace_id = s.trace_id
  ), told as (
    select pg_notify('molt', json_build_object('kind', 'usage', 'botId', bot_id, 'userId', user_id)::text)
    from (select distinct c.bot_id, bots.user_id from corrected c join app.bots on bots.id = c.bot_id) affected
  )
  select corrected.id from corrected where (select count(*) from told) >= 0;
end
$$;

-- What is known of running calls, so that a process that dies leaves more than nothing. Never moves
-- a closed row, and never waits: a row that somebody holds is just being closed. The arrays are
-- columns, and every row is found by key ("= 'reserved'" would offer the index of all open calls).
create function app.note_calls(
  ids uuid[], tokens_ins bigint[], tokens_outs bigint[], cache_reads bigint[], cache_writes bigint[],
  cache_write_1hs bigint[], reasonings bigint[], costs bigint[])
returns void
language plpgsql set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
begin
  with open as (
    select x.*
    from unnest(ids, tokens_ins, tokens_outs, cache_reads, cache_writes, cache_write_1hs, reasonings, costs)
      as x(id, tokens_in, tokens_out, cache_read, cache_write, cache_write_1h, reasoning, cost)
    join app.usage_logs o on o.id = x.id
    where o.state not in ('settled', 'estimated', 'refused')
    for update of o skip locked
  )
  update app.usage_logs l set
    tokens_in = x.tokens_in, tokens_out = x.tokens_out, cache_read_tokens = x.cache_read,
    cache_write_tokens = x.cache_write, cache_write_1h_tokens = x.cache_write_1h,
    reasoning_tokens = x.reasoning, cost_picos = x.cost
  from open x
  where l.id = x.id;
end
$$;

-- The same for callers that hold the calls as objects: proxies of the version before.
create or replace function app.note_calls(calls jsonb)
returns void
language sql as $$
  select app.note_calls(array_agg(x.id), array_agg(x.tokens_in), array_agg(x.tokens_out),
    array_agg(x.cache_read_tokens), array_agg(x.cache_write_tokens), array_agg(x.cache_write_1h_tokens),
    array_agg(x.reasoning_tokens), array_agg(x.cost_picos))
  from jsonb_to_recordset(calls) as x(id uuid, tokens_in bigint, tokens_out bigint, cache_read_tokens bigint,
    cache_write_tokens bigint, cache_write_1h_tokens bigint, reasoning_tokens bigint, cost_picos bigint)
$$;

-- Closes what nobody will close any more: calls of processes that were not seen for a while, and any
-- call older than the longest a call may take. They cost what was noted of them, never more than
-- was reserved, and say that they are estimates. A call that cannot be closed is answered with its
-- failure, and the others are closed without it.
drop function app.sweep_calls(interval, interval, integer);
create function app.sweep_calls(process_grace interval, longest_call interval, at_most integer)
returns table (id uuid, failure text)
language plpgsql as $$
declare
  abandoned jsonb;
  done uuid[];
  one jsonb;
begin
  -- In the order of the bots: one by one, their budgets are locked in it as everywhere.
  select jsonb_agg(jsonb_build_object('id', l.id, 'state', 'estimated', 'tokens_in', l.tokens_in,
      'tokens_out', l.tokens_out, 'cache_read_tokens', l.cache_read_tokens, 'cache_write_tokens', l.cache_write_tokens,
      'cache_write_1h_tokens', l.cache_write_1h_tokens, 'reasoning_tokens', l.reasoning_tokens,
      'cost_picos', least(l.cost_picos, l.reserved_picos), 'provider_request_id', l.provider_request_id,
      'reason', 'process_ended') order by l.bot_id)
    into abandoned
    from (
      select o.* from app.usage_logs o
      where o.state = 'reserved'
        and (o."timestamp" < now() - longest_call
          or not exists (select from app.model_processes p where p.id = o.process_id and p.seen_at > now() - process_grace))
      order by o."timestamp" limit at_most
    ) l;
  if abandoned is null then return; end if;
  begin
    done := array(select app.settle_calls(abandoned));
    return query select d.closed, null::text from unnest(done) as d(closed);
    return;
  exception when data_exception or integrity_constraint_violation then
    null; -- one of them; which one is found below
  end;
  for one in select * from jsonb_array_elements(abandoned) loop
    begin
      done := array(select app.settle_calls(jsonb_build_array(one)));
      return query select d.closed, null::text from unnest(done) as d(closed);
    exception when data_exception or integrity_constraint_violation then
      id := one ->> 'id';
      failure := sqlerrm;
      return next;
    end;
  end loop;
end
$$;

-- Functions may be called by anybody unless that is taken away.
revoke execute on function
  app.is_awaited(text, text, timestamptz, timestamptz),
  app.correct_calls(uuid[], text[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], text[],
    integer[], integer[], integer[], text[]),
  app.note_calls(uuid[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]),
  app.sweep_calls(interval, interval, integer) from public;
