-- One call at a time is what an idle proxy has, and then its first byte waits for this. A single call
-- of a bot with room takes the short way: five look-ups by key and three writes. Whatever does not fit,
-- or is not known yet, goes the way of all others, which decides exactly as before.

-- Answers true when the call is kept, with its cause; nothing is changed otherwise.
create function app.reserve_alone(
  id uuid, bot uuid, model text, provider text, price_version text, picos bigint, trace text, hint text, process uuid,
  out kept boolean, out cause text)
language plpgsql as $$
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
    (select m.id from app.messages m where m.id = trace::uuid and m.bot_id = bot),
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
      day = today, day_picos = b.day_picos + picos,
      unattended_day_picos = b.unattended_day_picos + case when message is null then picos else 0 end,
      month = this_month, month_picos = b.month_picos + picos
    where m.bot_id = bot;
  if trace is not null then
    insert into app.model_runs as r (bot_id, trace_id, calls, picos) values (bot, trace, 1, picos)
      on conflict (bot_id, trace_id) do update set calls = r.calls + 1, picos = r.picos + excluded.picos;
  end if;
  kept := true;
end
$$;

-- Functions may be called by anybody unless that is taken away.
revoke execute on function
  app.reserve_alone(uuid, uuid, text, text, text, bigint, text, text, uuid) from public;
