-- The outbox loses no mail over a fault of ours, follows a person to another address, and forgets: a row
-- that is over gives up its address and its data, and keeps its key, so that once means once.

alter table app.mails
  -- Null once they are forgotten. A mail that waits has both.
  alter column recipient drop not null,
  alter column data drop not null,
  -- Whose mail it is, where it was to somebody with an account: addresses change. No reference: a mail is
  -- queued under locks of its own, and must not wait for the account's row.
  add column user_id uuid,
  add column died_at timestamptz;

update app.mails m set
  user_id = (select u.id from app.users u where u.email = m.recipient and u.email not like '%@invalid'
    order by u.created_at desc limit 1),
  recipient = nullif(m.recipient, ''),
  data = case when m.state = 'pending' then m.data end,
  died_at = case when m.state = 'dead' then least(now(), greatest(m.created_at, m.next_attempt_at)) end,
  note = regexp_replace(m.note, '[^[:space:]<>]+@[^[:space:]<>]+', '[address]', 'g');

alter table app.mails add constraint mails_pending_whole
  check (state <> 'pending' or (recipient is not null and data is not null));

-- One mail is claimed at a time: the first of the queue is found without sorting all of it.
drop index app.mails_due;
create index mails_due on app.mails (urgent desc, next_attempt_at, id) where state = 'pending';
create index mails_user on app.mails (user_id) where user_id is not null;
create index mails_dead on app.mails (id) where state = 'dead';
-- What is over and still names somebody, oldest first.
create index mails_over on app.mails ((coalesce(sent_at, died_at, created_at)))
  where state <> 'pending' and recipient is not null;

alter table app.mail_choices
  -- A refusal holds for the person, whichever address it was said from.
  add column user_id uuid,
  -- Of the token that stands in the List-Unsubscribe header (RFC 8058).
  add column one_click_hash bytea unique;
update app.mail_choices c set user_id = (select u.id from app.users u where u.email = c.recipient
  order by u.created_at desc limit 1);
create index mail_choices_user on app.mail_choices (user_id) where user_id is not null;
