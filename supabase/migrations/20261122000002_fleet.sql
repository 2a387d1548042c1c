-- What the reconciler must remember of a bot's machine across its own restarts.
alter table app.bots
  -- Rises with every replacement of the machine; the machine carries it as `molt_gen`.
  add column generation integer not null default 1,
  -- Replacements since the bot was last ready or asked for.
  add column replacements integer not null default 0,
  -- Unasked exits close to each other, and when the last one that was counted happened.
  add column crashes integer not null default 0,
  add column crashed_at timestamptz,
  -- When the bot's own schedule calls next; it is woken a little before.
  add column wake_at timestamptz;
create index bots_wake on app.bots (wake_at) where desired = 'asleep' and wake_at is not null;
