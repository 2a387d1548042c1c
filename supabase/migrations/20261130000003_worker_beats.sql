-- Workers say every few seconds that they live, as model proxies do (app.model_processes), so that the
-- status page can say whether anybody wakes bots and sends mails.
create table app.worker_beats (
  id uuid primary key,
  seen_at timestamptz not null default now()
);
alter table app.worker_beats enable row level security;
alter table app.worker_beats force row level security;
