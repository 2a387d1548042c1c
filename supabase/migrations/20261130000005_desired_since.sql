-- Since when a bot is wanted as it is: after `paused` and `deleted` no call of it may leave, and this is
-- what proves it (molt check, I2). Bots that are there already count from this migration on.
alter table app.bots add column desired_since timestamptz not null default now();

create function app.note_desired() returns trigger language plpgsql set search_path = '' as $$
begin
  new.desired_since := pg_catalog.now();
  return new;
end
$$;
create trigger bots_desired before update of desired on app.bots
  for each row when (old.desired is distinct from new.desired) execute function app.note_desired();
revoke execute on function app.note_desired from public;
