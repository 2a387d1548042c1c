-- The waitlist counts by who owns a mail domain, knows who has an account already, and remembers for a
-- while who left it.

-- One mailbox, however it is written: apps/api/src/waitlist/canonical-email.ts for addresses that other
-- tables hold. A test keeps the two equal.
create function app.canonical_email(email text) returns text language sql immutable strict as $$
  select case when domain in ('gmail.com', 'googlemail.com') then replace(unlabelled, '.', '') || '@gmail.com'
    else unlabelled || '@' || domain end
  from (
    select domain, case when strpos(name, '+') > 1 then left(name, strpos(name, '+') - 1) else name end as unlabelled
    from (select split_part(lower(email), '@', -1) as domain, split_part(lower(email), '@', 1) as name) written) mailbox
$$;

-- The domain that somebody buys: its owner makes as many names below it as there are letters. The names
-- under which countries sell are few; one that is missing here only makes strangers share a limit.
create function app.mail_domain(address text) returns text language sql immutable strict as $$
  select array_to_string(parts[n - case when n > 2 and length(parts[n]) = 2
    and parts[n - 1] in ('ac', 'co', 'com', 'edu', 'go', 'gov', 'ne', 'net', 'or', 'org') then 2 else 1 end : n], '.')
  from (select parts, cardinality(parts) as n
    from (select string_to_array(split_part(address, '@', -1), '.') as parts) split) counted
$$;

revoke execute on function app.canonical_email, app.mail_domain from public;

create index users_canonical on app.users (app.canonical_email(email));

-- Each request counts what came from its domain in the last day, confirmed or not. The purge looks at the
-- last mail.
alter table app.waitlist add column domain text not null generated always as (app.mail_domain(canonical)) stored;
create index waitlist_domain on app.waitlist (domain, created_at);
create index waitlist_asked on app.waitlist (asked_at) where confirmed_at is null;

-- Mailboxes whose owner left, as a keyed hash: enough to know them when a stranger enters them again,
-- not enough to read them. Kept for 90 days (waitlist/removals.ts).
create table app.waitlist_removals (
  hash bytea primary key,
  removed_at timestamptz not null,
  -- Whether the one mail that such a mailbox may still get has been queued.
  asked boolean not null default false
);
create index waitlist_removals_age on app.waitlist_removals (removed_at);
alter table app.waitlist_removals enable row level security;
alter table app.waitlist_removals force row level security;
