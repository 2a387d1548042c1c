-- The waitlist counts mailboxes, not spellings of addresses; the outbox wakes its sender by itself
-- and remembers who wants no more of the mails that one may refuse.

alter table app.waitlist
  -- One mailbox, however it is written (waitlist/canonical-email.ts). `email` is where mail goes.
  add column canonical text not null unique check (length(canonical) between 3 and 254),
  -- How many mails asked for the second opt-in, and when the last one was queued.
  add column asked integer not null default 1,
  add column asked_at timestamptz not null default now();
create index waitlist_unconfirmed on app.waitlist (created_at) where confirmed_at is null;
create index waitlist_referred on app.waitlist (referred_by) where confirmed_at is not null;

-- Any row that becomes due is noticed at once, whoever wrote it and from whichever process.
create function app.notify_mail() returns trigger language plpgsql set search_path = '' as $$
begin
  perform pg_catalog.pg_notify('molt', '{"kind":"mail"}');
  return null;
end
$$;
create trigger mails_notify after insert on app.mails for each statement execute function app.notify_mail();

-- Whoever asks to be forgotten is found without reading every mail.
create index mails_recipient on app.mails (recipient);

-- Mails one may refuse (the weekly digest). Found by the hash of the token in each such mail.
create table app.mail_choices (
  recipient text not null,
  template text not null,
  token_hash bytea not null unique,
  stopped_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (recipient, template)
);
alter table app.mail_choices enable row level security;
alter table app.mail_choices force row level security;
