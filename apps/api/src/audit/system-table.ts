/**
 * What must hold of a running system beyond its books, as questions to the database. Each names what
 * speaks against it. Numbers of the invariants: docs/invariants.md.
 */
import { entitled } from "@molt/contract";
import { type RawBuilder, sql } from "kysely";
import type { SqlCheck } from "./check.ts";

/** How long a change may take to reach a running call (faults.md: I2, I11). */
const NOTICED = sql`interval '5 seconds'`;
/** How long anything may be on its way once nothing is wrong any more (I1, I9). */
const SETTLED = sql`interval '180 seconds'`;
/** Twice what a call may last (models/answer-call.ts), and a minute for the sweeper. */
const CLOSED = sql`interval '31 minutes'`;
/** Two missed beats of a worker and a bit (jobs/beats.ts). */
const BEAT = sql`interval '35 seconds'`;
/** A queue whose first row is due for so long has nobody who works on it. */
const WORKED_ON = sql`interval '10 minutes'`;

/** The one who pays, and does not leave. */
const payers = sql`(select id from app.users where subscription_status = any(${[...entitled]}) and deleted_at is null)`;

const fleetChecks: readonly SqlCheck[] = [
  {
    id: "payers",
    invariant: "I1",
    claim: "whoever pays has a bot that is wanted awake or asleep",
    query: sql`
      select u.id as "userId", b.id as "botId", b.desired from ${payers} u
      left join app.bots b on b.user_id = u.id where b.id is null or b.desired not in ('running', 'asleep')`,
  },
  {
    id: "ready",
    invariant: "I1",
    claim: "a paid bot is awake or asleep within three minutes, or says what keeps it",
    query: sql`
      select b.id as "botId", b.status, b.step, b.step_since as since, b.failure_code as failure
      from app.bots b join ${payers} u on u.id = b.user_id
      where b.status not in ('running', 'asleep', 'failed') and greatest(b.step_since, b.desired_since) < now() - ${SETTLED}
        or b.status = 'failed' and coalesce(b.failure_message, '') = ''`,
  },
  {
    id: "unpaid",
    invariant: "I2",
    claim: "no call leaves five seconds after its bot was paused, held or deleted",
    query: sql`
      select l.id as call, l.bot_id as "botId", b.desired, l."timestamp" as at, s.since
      from app.bots b
      left join app.model_budgets m on m.bot_id = b.id
      cross join lateral (select least(m.held_since,
        case when b.desired in ('paused', 'deleted') then b.desired_since end) as since) s
      join app.usage_logs l on l.bot_id = b.id and l."timestamp" > s.since + ${NOTICED} and l.state <> 'refused'`,
  },
  {
    id: "open",
    invariant: "I3",
    claim: "no call is open longer than a call may last",
    query: sql`
      select id as call, bot_id as "botId", model, "timestamp" as at from app.usage_logs
      where state = 'reserved' and "timestamp" < now() - ${CLOSED}`,
  },
];

const chatChecks: readonly SqlCheck[] = [
  {
    id: "numbers",
    invariant: "I6",
    claim: "the messages of each bot are numbered without a gap",
    query: sql`
      select b.id as "botId", b.last_seq as last, coalesce(max(m.seq), 0) as found, count(m.id) as messages
      from app.bots b left join app.messages m on m.bot_id = b.id
      group by b.id, b.last_seq having b.last_seq <> count(m.id) or b.last_seq <> coalesce(max(m.seq), 0)`,
  },
  {
    id: "answers",
    invariant: "I6",
    claim: "a message is called answered if there is an answer, and only then",
    query: sql`
      select m.bot_id as "botId", m.id as message, m.state, a.id as answer
      from app.messages m left join app.messages a on a.reply_to = m.id
      where m.role = 'user' and (m.state = 'answered') <> (a.id is not null)`,
  },
];

/** Roles that the web's own keys are. */
const webRoles = sql`('anon', 'authenticated', 'PUBLIC')`;

const wallChecks: readonly SqlCheck[] = [
  {
    id: "rows",
    invariant: "I7",
    claim: "every table shows a user the own rows only, whoever owns the table",
    query: sql`
      select c.relname as "table" from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'app' and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)`,
  },
  {
    id: "grants",
    invariant: "I7",
    claim: "no role of the web may write, and a stranger may not even read",
    query: sql`
      select grantee as role, table_name as "table", privilege_type as may from information_schema.role_table_grants
      where table_schema = 'app' and grantee in ${webRoles}
        and not (grantee = 'authenticated' and privilege_type = 'SELECT')
      union all
      select grantee, table_name || '.' || column_name, privilege_type from information_schema.column_privileges
      where table_schema = 'app' and grantee in ${webRoles}
        and not (grantee = 'authenticated' and privilege_type = 'SELECT')`,
  },
  {
    id: "sealed",
    invariant: "I8",
    claim: "every token and key lies sealed",
    query: sql`
      select id as "botId" from app.bots
      where coalesce(gateway_token, 'v1.') not like 'v1.%' or coalesce(model_key, 'v1.') not like 'v1.%'`,
  },
  {
    id: "codes",
    invariant: "I8",
    claim: "no mail keeps what it said once it is sent, nor a code that opens nothing any more",
    query: sql`
      select id as mail, template, state from app.mails
      where data is not null and (state = 'sent' or state = 'dead' and expires_at is not null)`,
  },
];

const queue = (id: string, claim: string, query: RawBuilder<unknown>): SqlCheck => ({
  id,
  invariant: "I9",
  claim,
  query,
});

const convergenceChecks: readonly SqlCheck[] = [
  queue(
    "moving",
    "no bot is being born, woken or deleted for more than ten minutes",
    sql`
      select id as "botId", status, step, greatest(step_since, desired_since) as since from app.bots
      where status in ('provisioning', 'waking', 'deleting') and greatest(step_since, desired_since) < now() - ${WORKED_ON}`,
  ),
  queue(
    "events",
    "Stripe's events are worked on, and none was given up",
    sql`
      select id as event, type, state, note from app.stripe_events
      where state = 'dead' or state = 'pending' and next_attempt_at < now() - ${SETTLED}`,
  ),
  queue(
    "mails",
    "mails that are due go out",
    sql`
      select id as mail, template, attempts, next_attempt_at as due from app.mails
      where state = 'pending' and greatest(next_attempt_at, created_at) < now() - ${WORKED_ON}`,
  ),
  queue(
    "endings",
    "accounts that end are worked on",
    sql`
      select user_id as "userId", attempts, next_attempt_at as due, note from app.account_deletions
      where finished_at is null and next_attempt_at < now() - ${WORKED_ON}`,
  ),
  queue(
    "undelivered",
    "a bot that is awake gets its messages",
    sql`
      select m.bot_id as "botId", m.id as message, m.at from app.messages m join app.bots b on b.id = m.bot_id
      where m.role = 'user' and m.state = 'queued' and b.status = 'running' and b.desired = 'running'
        and m.at < now() - ${WORKED_ON} and b.step_since < now() - ${WORKED_ON}`,
  ),
  queue(
    "workers",
    "a worker is at work",
    sql`
      select max(seen_at) as "lastSeen" from app.worker_beats having coalesce(max(seen_at), '-infinity') < now() - ${BEAT}`,
  ),
];

export const systemChecks: readonly SqlCheck[] = [
  ...fleetChecks,
  ...chatChecks,
  ...wallChecks,
  ...convergenceChecks,
];
