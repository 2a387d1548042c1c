/** The checks that the database can make of itself. Each names what differs, and the figures. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";
import { liveStatuses } from "../billing/derive-billing.ts";
import { type Check, differences, type SqlCheck } from "./check.ts";

type Db = Kysely<Database>;

/** Closed calls that count: a failed call without cost is in the ledger and in no sum. */
const closed = sql`(l.state in ('settled', 'estimated') and (l.cost_picos > 0 or coalesce(l.http_status, 0) between 200 and 299))`;
/** What a call holds of a budget. */
const held = sql`case l.state when 'reserved' then l.reserved_picos when 'refused' then 0 else l.cost_picos end`;

export const ledgerChecks: readonly SqlCheck[] = [
  {
    id: "days",
    invariant: "I4",
    claim: "the sums of each day are the sums of its settled calls",
    query: sql`
      select coalesce(s.bot_id, d.bot_id) as "botId", coalesce(s.day, d.day) as day, coalesce(s.model, d.model) as model,
        coalesce(s.cause, d.cause) as cause, s.calls as "callsOfRows", d.calls as "callsOfDay",
        s.picos::text as "picosOfRows", d.cost_picos::text as "picosOfDay"
      from (
        select l.bot_id, (l."timestamp" at time zone 'utc')::date as day, l.model, l.cause, count(*) as calls,
          sum(l.tokens_in) as tokens_in, sum(l.tokens_out) as tokens_out, sum(l.cost_picos) as picos
        from app.usage_logs l where ${closed} group by 1, 2, 3, 4
      ) s
      full join (select * from app.usage_days where calls > 0 or cost_picos > 0) d
        on d.bot_id = s.bot_id and d.day = s.day and d.model = s.model and d.cause = s.cause
      where (s.calls, s.tokens_in, s.tokens_out, s.picos)
        is distinct from (d.calls, d.tokens_in::numeric, d.tokens_out::numeric, d.cost_picos::numeric)`,
  },
  {
    id: "messages",
    invariant: "I4",
    claim: "the sums of each message are the sums of its settled calls",
    query: sql`
      select coalesce(s.bot_id, m.bot_id) as "botId", coalesce(s.message_id, m.message_id) as "messageId",
        s.picos::text as "picosOfRows", m.cost_picos::text as "picosOfMessage"
      from (
        select l.bot_id, date_trunc('month', l."timestamp" at time zone 'utc')::date as month, l.message_id,
          count(*) as calls, sum(l.cost_picos) as picos
        from app.usage_logs l where ${closed} and l.message_id is not null group by 1, 2, 3
      ) s
      full join app.usage_messages m on m.bot_id = s.bot_id and m.month = s.month and m.message_id = s.message_id
      where (s.calls, s.picos) is distinct from (m.calls, m.cost_picos::numeric)`,
  },
  {
    id: "budgets",
    invariant: "I4",
    claim: "what counts against each cap is what is settled and what is reserved",
    query: sql`
      select b.bot_id as "botId", b.day, b.day_picos::text as "dayPicos", coalesce(s.day, 0)::text as "dayOfRows",
        b.unattended_day_picos::text as "unattendedPicos", coalesce(s.unattended, 0)::text as "unattendedOfRows",
        b.month, b.month_picos::text as "monthPicos", coalesce(s.month, 0)::text as "monthOfRows"
      from app.model_budgets b
      left join (
        select m.bot_id,
          sum(${held}) filter (where (l."timestamp" at time zone 'utc')::date = m.day) as day,
          sum(${held}) filter (where (l."timestamp" at time zone 'utc')::date = m.day and l.cause <> 'chat') as unattended,
          sum(${held}) filter (where date_trunc('month', l."timestamp" at time zone 'utc')::date = m.month) as month
        from app.model_budgets m
        join app.usage_logs l on l.bot_id = m.bot_id and l."timestamp" >= m.month::timestamp at time zone 'utc'
        group by m.bot_id
      ) s on s.bot_id = b.bot_id
      where (b.day_picos, b.unattended_day_picos, b.month_picos)::text
        is distinct from (coalesce(s.day, 0), coalesce(s.unattended, 0), coalesce(s.month, 0))::text`,
  },
  {
    id: "runs",
    invariant: "I4",
    claim: "each run of the last week counts the calls that it made",
    query: sql`
      select r.bot_id as "botId", r.trace_id as "traceId", r.calls, count(l.id) as "callsOfRows",
        r.picos::text as picos, coalesce(sum(${held}), 0)::text as "picosOfRows"
      from app.model_runs r
      left join app.usage_logs l on l.bot_id = r.bot_id and l.trace_id = r.trace_id and l.state <> 'refused'
        and l."timestamp" >= r.started_at
      where r.used_on >= (now() at time zone 'utc')::date - 7
      group by r.bot_id, r.trace_id, r.calls, r.picos
      having (r.calls, r.picos::numeric) is distinct from (count(l.id), coalesce(sum(${held}), 0))`,
  },
  {
    id: "doubles",
    invariant: "I3",
    claim: "no answer of a provider is in the ledger twice",
    query: sql`
      select l.provider, l.provider_request_id as "requestId", count(*) as rows, sum(l.cost_picos)::text as picos
      from app.usage_logs l
      where l.provider_request_id is not null and l.state in ('settled', 'estimated')
      group by 1, 2 having count(*) > 1`,
  },
  {
    id: "bounds",
    invariant: "I4",
    claim: "no call is billed above what was reserved for it",
    query: sql`
      select l.id, l.model, l.state, l.cost_picos::text as "costPicos", l.reserved_picos::text as "reservedPicos"
      from app.usage_logs l where l.state in ('settled', 'estimated') and l.cost_picos > l.reserved_picos`,
  },
  {
    id: "metered",
    invariant: "I5",
    claim: "no more of a day is in meter batches than was settled in it",
    query: sql`
      select m.bot_id as "botId", m.day, m.picos::text as "picosInBatches", coalesce(sum(d.cost_picos), 0)::text as "picosOfDay"
      from app.metered_days m left join app.usage_days d on d.bot_id = m.bot_id and d.day = m.day
      group by m.bot_id, m.day, m.picos having m.picos > coalesce(sum(d.cost_picos), 0)`,
  },
  {
    id: "batches",
    invariant: "I5",
    claim: "each user's batches are what was taken from the ledger, to the pico-dollar",
    query: sql`
      select a.user_id as "userId", a.picos::text as "picosOfAccount", coalesce(m.picos, 0)::text as "picosOfDays",
        coalesce(b.picos, 0)::text as "picosOfBatches", a.micros as "microsOfAccount", coalesce(b.micros, 0) as "microsOfBatches"
      from app.meter_accounts a
      left join (select bots.user_id, sum(d.picos) as picos from app.metered_days d
        join app.bots on bots.id = d.bot_id group by 1) m on m.user_id = a.user_id
      left join (select user_id, sum(picos) as picos, sum(micros) as micros, count(*) as number
        from app.meter_batches group by 1) b on b.user_id = a.user_id
      where (a.picos::numeric, a.picos::numeric, a.micros::numeric, a.batches)
        is distinct from (coalesce(m.picos, 0), coalesce(b.picos, 0), coalesce(b.micros, 0), coalesce(b.number, 0))
        or a.micros <> a.picos / 1000000`,
  },
  {
    id: "outbox",
    invariant: "I5",
    claim: "nothing that is to be billed waits for more than a day, and Stripe has dropped nothing",
    query: sql`
      select b.identifier, b.state, b.micros, b.folded_at as since, b.note
      from app.meter_batches b left join app.users on users.id = b.user_id
      where b.state in ('rejected', 'dead') or b.state = 'pending' and b.folded_at < now() - interval '1 day'
        and (users.id is null or users.subscription_status = any(${[...liveStatuses]}))
      union all
      select null, 'in no batch', (sum(more) / 1000000)::bigint, min(day), 'of user ' || user_id
      from (
        select bots.user_id, d.bot_id, d.day, sum(d.cost_picos) - coalesce(m.picos, 0) as more
        from app.usage_days d
        join app.bots on bots.id = d.bot_id
        join app.users on users.id = bots.user_id
        left join app.metered_days m on m.bot_id = d.bot_id and m.day = d.day
        where users.subscription_status = any(${[...liveStatuses]}) and users.stripe_customer_id is not null
          and d.day < (now() at time zone 'utc')::date - 1
        group by bots.user_id, d.bot_id, d.day, m.picos
      ) waiting
      group by user_id having sum(more) >= 1000000`,
  },
];

export interface PricedModel {
  model: string;
  version: string;
  calls: number;
}

/** Every price that a closed call was made at. */
export async function selectPricedModels(db: Db): Promise<PricedModel[]> {
  const { rows } = await sql<PricedModel>`
    select model, price_version as version, count(*)::int as calls from app.usage_logs
    where state in ('settled', 'estimated') and (tokens_in > 0 or tokens_out > 0 or cost_picos > 0)
    group by 1, 2`.execute(db);
  return rows;
}

/** Pico-dollars a token at one price, as `costPicos` reads it (models/cost.ts). */
export interface PriceRow {
  model: string;
  version: string;
  input: number;
  output: number;
  cache_read: number;
  cache_write: number;
  cache_write_1h: number;
  /** Applies to calls with more input than `above`; null for the price below it. */
  above: number | null;
  /** The price above goes up to here. */
  up_to: number | null;
}

export function checkCosts(db: Db, prices: readonly PriceRow[]): Promise<Check> {
  return differences(db, {
    id: "prices",
    invariant: "I4",
    claim: "each call costs its tokens at the price of its version",
    query: sql`
    select l.id, l.model, l.price_version as version, l.state, l.cost_picos::text as "costPicos", e.picos::text as "expectedPicos"
    from app.usage_logs l
    join jsonb_to_recordset(${JSON.stringify(prices)}::jsonb) as p(model text, version text, input bigint, output bigint,
        cache_read bigint, cache_write bigint, cache_write_1h bigint, above bigint, up_to bigint)
      on p.model = l.model and p.version = l.price_version
        and (p.above is null or l.tokens_in > p.above) and (p.up_to is null or l.tokens_in <= p.up_to)
    cross join lateral (select
      (l.tokens_in - l.cache_read_tokens - l.cache_write_tokens - l.cache_write_1h_tokens) * p.input
        + l.cache_read_tokens * p.cache_read + l.cache_write_tokens * p.cache_write
        + l.cache_write_1h_tokens * p.cache_write_1h + l.tokens_out * p.output as picos) e
    where l.state in ('settled', 'estimated') and l.cost_picos <> e.picos
      -- The sweeper never bills above the reservation.
      and not (l.state = 'estimated' and l.cost_picos = least(e.picos, l.reserved_picos))`,
  });
}

export interface SentTotal {
  customer: string;
  micros: bigint;
  from: Date;
  to: Date;
}

/** What Stripe should have counted of each customer, and between which moments. */
export async function selectSentTotals(db: Db): Promise<SentTotal[]> {
  const { rows } = await sql<SentTotal>`
    select customer, sum(micros)::bigint as micros, min(event_at) as "from", max(event_at) as "to"
    from app.meter_batches where state in ('sent', 'confirmed') group by customer order by customer`.execute(
    db,
  );
  return rows;
}
