-- Who stopped a bot's spending and since when it may spend again; keys that are exchanged without a
-- pause.

update app.model_budgets set held_reason = 'operator'
  where held_since is not null and (held_reason is null or held_reason not in ('loop', 'unattended', 'rate', 'user', 'operator'));
update app.model_budgets set held_reason = null where held_since is null;

alter table app.model_budgets
  -- The operator's own words about the stop; shown to the user.
  add column held_note text check (length(held_note) <= 300),
  -- When a stop was last lifted. The breaker judges only what was spent after it.
  add column resumed_at timestamptz,
  add constraint model_budgets_held_reason
    check (held_reason in ('loop', 'unattended', 'rate', 'user', 'operator')),
  add constraint model_budgets_held_whole check ((held_since is null) = (held_reason is null));
comment on column app.model_budgets.held_since is
  'Nothing is spent while it is set. held_reason says who set it: the breaker (loop, unattended, rate), the user or the operator.';

-- Whoever changes a cap or a stop, from whichever process: what shows the budget looks again. The
-- columns of reserving and settling are not among these, so calls pay nothing for it.
create function app.notify_budget() returns trigger language plpgsql set search_path = '' as $$
begin
  perform pg_catalog.pg_notify('molt', pg_catalog.json_build_object('kind', 'usage', 'botId', b.id, 'userId', b.user_id)::text)
    from app.bots b where b.id = new.bot_id;
  return null;
end
$$;
create trigger model_budgets_notify
  after update of held_since, held_reason, day_cap_picos, month_cap_picos, unattended_day_cap_picos, run_cap_picos
  on app.model_budgets for each row
  when ((old.held_since, old.held_reason, old.day_cap_picos, old.month_cap_picos, old.unattended_day_cap_picos, old.run_cap_picos)
    is distinct from (new.held_since, new.held_reason, new.day_cap_picos, new.month_cap_picos, new.unattended_day_cap_picos, new.run_cap_picos))
  execute function app.notify_budget();

alter table app.bots
  -- The key before the present one: good until the bot was seen with the new one, or until this time.
  add column previous_key_hash bytea unique,
  add column previous_key_until timestamptz,
  -- The machine has to be made anew to learn what it is told at its birth (its key): at its next
  -- start, and at this time at the latest.
  add column renew_machine_by timestamptz;

-- Functions may be called by anybody unless that is taken away.
revoke execute on function app.notify_budget from public;
