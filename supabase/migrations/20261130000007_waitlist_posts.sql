-- How much the list takes in a day is counted by what was posted and taken, whatever became of it: counted
-- by the rows that it left, the limit told strangers whether an address is on the list. Kept for a day.
create table app.waitlist_posts (
  domain text not null,
  at timestamptz not null
);
create index waitlist_posts_domain on app.waitlist_posts (domain, at);
create index waitlist_posts_at on app.waitlist_posts (at);
alter table app.waitlist_posts enable row level security;
alter table app.waitlist_posts force row level security;

-- What earlier mails of an entry carried, when another spelling of its address was asked after them: they
-- say yes for nothing any more, and still no for whoever got them.
alter table app.waitlist add column old_token_hashes bytea[] not null default '{}';
create index waitlist_old_tokens on app.waitlist using gin (old_token_hashes) where confirmed_at is null;
