-- After an outage of the database every proxy looks silent, though all are at work: nobody could say that
-- he lives. So a silent one is first suspected, and its calls are closed only when it stays silent for some
-- beats more, with a database that listens. Saying something lifts the suspicion.
alter table app.model_processes add column suspected_at timestamptz;

-- Closes the calls of processes that died. They cost what was noted of them last, never more than
-- was reserved, and say that they are estimates. A call that cannot be closed is answered with its
-- failure, and the others are closed without it.
drop function app.sweep_calls(interval, interval, integer);
create function app.sweep_calls(process_grace interval, doubt interval, longest_call interval, at_most integer)
returns table (id uuid, failure text)
language plpgsql as $$
declare
  abandoned jsonb;
  done uuid[];
  one jsonb;
begin
  update app.model_processes set suspected_at = now()
    where suspected_at is null and seen_at <= now() - process_grace;
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
          or not exists (select from app.model_processes p
            where p.id = o.process_id and (p.suspected_at is null or p.suspected_at > now() - doubt)))
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
revoke execute on function app.sweep_calls(interval, interval, interval, integer) from public;
