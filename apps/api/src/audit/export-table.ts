/** The ledger as a provider's export shows it: by request id, or by model and day. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";

type Db = Kysely<Database>;

export interface LedgerCall {
  requestId: string;
  provider: string;
  model: string;
  tokensIn: bigint;
  tokensOut: bigint;
  costPicos: bigint;
  at: Date;
}

/** Closed calls under these ids of providers; `ids` is a page. */
export async function selectCalls(db: Db, ids: readonly string[]): Promise<LedgerCall[]> {
  const { rows } = await sql<LedgerCall>`
    select provider_request_id as "requestId", provider, model, tokens_in as "tokensIn", tokens_out as "tokensOut",
      cost_picos as "costPicos", "timestamp" as at
    from app.usage_logs
    where state in ('settled', 'estimated') and provider_request_id = any(${ids}::text[])`.execute(db);
  return rows;
}

export interface Elsewhere {
  providers: readonly string[];
  from: Date;
  to: Date;
}

/** Closed calls with an id of their provider in that time, oldest first. */
export async function selectCallIds(
  db: Db,
  { providers, from, to }: Elsewhere,
): Promise<{ requestId: string; model: string; costPicos: bigint }[]> {
  const { rows } = await sql<{ requestId: string; model: string; costPicos: bigint }>`
    select provider_request_id as "requestId", model, cost_picos as "costPicos" from app.usage_logs
    where state in ('settled', 'estimated') and provider_request_id is not null
      and provider = any(${providers}::text[]) and "timestamp" between ${from} and ${to}
      and (cost_picos > 0 or tokens_in > 0 or tokens_out > 0)
    order by "timestamp"`.execute(db);
  return rows;
}

export interface LedgerDay {
  day: string;
  model: string;
  tokensIn: bigint;
  tokensOut: bigint;
}

/** A provider's closed calls by day (UTC) and model. */
export async function selectProviderDays(
  db: Db,
  { provider, from, to }: { provider: string; from: string; to: string },
): Promise<LedgerDay[]> {
  const { rows } = await sql<LedgerDay>`
    select ("timestamp" at time zone 'utc')::date::text as day, model,
      sum(tokens_in)::bigint as "tokensIn", sum(tokens_out)::bigint as "tokensOut"
    from app.usage_logs
    where state in ('settled', 'estimated') and provider = ${provider} and (tokens_in > 0 or tokens_out > 0)
      and "timestamp" >= ${from}::date::timestamp at time zone 'utc'
      and "timestamp" < (${to}::date + 1)::timestamp at time zone 'utc'
    group by 1, 2`.execute(db);
  return rows;
}
