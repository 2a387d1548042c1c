-- What local/auth keeps besides auth.users. Nothing is granted to anyone: only the service reads it.

-- One row a sign-in. The refresh token itself is not stored: it is a MAC over (id, counter) under a
-- secret that lives on disk, so a copy of this table opens nothing.
create table if not exists auth.sessions (
  id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  amr jsonb not null,
  refresh_token_counter integer not null default 0 check (refresh_token_counter >= 0),
  refreshed_at timestamptz not null,
  created_at timestamptz not null,
  ip text,
  user_agent text
);
create index if not exists sessions_of_user on auth.sessions (user_id, created_at);

-- The codes and links that are out. At most one a user and purpose: a new one replaces the old.
create table if not exists auth.one_time_codes (
  id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  purpose text not null check (purpose in ('confirmation', 'recovery', 'magiclink', 'email_change_current',
    'email_change_new', 'reauthentication')),
  address text not null,
  code_hash bytea not null,
  link_hash bytea not null unique,
  code_challenge text,
  code_challenge_method text,
  tries integer not null default 0,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  unique (user_id, purpose)
);
create index if not exists one_time_codes_address on auth.one_time_codes (address);

-- What was asked to be mailed. Known and unknown addresses leave the same row, and the sender looks
-- later whether there is anybody to write to: the answer's time tells nothing. Holds no code.
create table if not exists auth.mail_intents (
  id uuid primary key,
  purpose text not null,
  address text not null,
  user_id uuid references auth.users (id) on delete cascade,
  redirect_to text,
  code_challenge text,
  code_challenge_method text,
  created_at timestamptz not null,
  next_attempt_at timestamptz not null,
  attempts integer not null default 0,
  last_error text,
  dead_at timestamptz
);
create index if not exists mail_intents_due on auth.mail_intents (next_attempt_at) where dead_at is null;
create index if not exists mail_intents_address on auth.mail_intents (address, purpose);

create table if not exists auth.mail_limits (
  address text not null,
  purpose text not null,
  sent_at timestamptz not null,
  primary key (address, purpose)
);

-- PKCE: an opened link became a code that only the holder of the verifier can trade for a session.
create table if not exists auth.flow_state (
  code_hash bytea primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  code_challenge text not null,
  code_challenge_method text not null,
  method text not null,
  created_at timestamptz not null
);

-- Every accepted change, written in the same transaction: what this service believes has happened.
create table if not exists auth.audit_log_entries (
  id bigint generated always as identity primary key,
  created_at timestamptz not null,
  action text not null,
  user_id uuid,
  session_id uuid,
  ip text
);
