/** The ledger's SQL. The functions it calls are in supabase/migrations/…_model_ledger.sql. */
import type { CallCause } from "@molt/contract";
import { type Kysely, sql } from "kysely";
import { column } from "../db/column.ts";
import type { Database } from "../db/types.ts";
import type { Tokens } from "./cost.ts";
import { totalInput } from "./cost.ts";

type Db = Kysely<Database>;

export interface Reservation {
  /** Our id of the call, and the key of its row. */
  callId: string;
  botId: string;
  model: string;
  provider: string;
  priceVersion: string;
  reservedPicos: bigint;
  /** 32 hex digits of the W3C trace, where the bot sent one. */
  traceId: string | undefined;
  /**
   * What started the call where its trace is no message of the bot; `background` when it is not given.
   * A trace that is a message is `chat`, whatever stands here.
   */
  cause?: UnattendedCause | undefined;
}

/** Why a call was made that no person asked for. */
export type UnattendedCause = Exclude<CallCause, "chat">;

export type RefusalReason =
  | "not_entitled"
  | "held"
  | "day_cap"
  | "month_cap"
  | "unattended_cap"
  | "run_cap"
  | "run_calls";

export interface ReserveResult {
  refusal: RefusalReason | "unknown_bot" | null;
  cause: CallCause;
}

/** What a call came to. Written once; a second settlement of the same call changes nothing. */
export interface Settlement {
  callId: string;
  state: "settled" | "estimated";
  tokens: Tokens;
  costPicos: bigint;
  providerRequestId: string | undefined;
  httpStatus: number | undefined;
  firstByteMs: number | undefined;
  latencyMs: number | undefined;
  /** Why it is an estimate, or what the provider answered instead of a reply. */
  reason: string | undefined;
}

/** One transaction for all of them. Results stand in the order of the calls. */
export async function reserveCalls(
  db: Db,
  calls: readonly Reservation[],
  processId: string,
): Promise<ReserveResult[]> {
  const [only] = calls;
  const alone = only && calls.length === 1 ? await reserveAlone(db, only, processId) : undefined;
  if (alone) return [alone];
  const { rows } = await sql<{ call_id: string; refusal: RefusalReason | null; call_cause: CallCause }>`
    select call_id, refusal, call_cause from app.reserve_calls(
      ${column(calls, (call) => call.callId)}::uuid[], ${column(calls, (call) => call.botId)}::uuid[],
      ${column(calls, (call) => call.model)}::text[], ${column(calls, (call) => call.provider)}::text[],
      ${column(calls, (call) => call.priceVersion)}::text[], ${column(calls, (call) => call.reservedPicos)}::bigint[],
      ${column(calls, (call) => call.traceId)}::text[], ${column(calls, (call) => call.cause)}::text[],
      ${processId}::uuid)`.execute(db);
  const byId = new Map(rows.map((row) => [row.call_id, row]));
  return calls.map(({ callId }) => {
    const row = byId.get(callId);
    return row
      ? { refusal: row.refusal, cause: row.call_cause }
      : { refusal: "unknown_bot", cause: "background" };
  });
}

/**
 * The short way of an idle proxy: the first byte of its call waits for this.
 * @returns undefined when the call has to go the way of all others, which tells why.
 */
async function reserveAlone(
  db: Db,
  call: Reservation,
  processId: string,
): Promise<ReserveResult | undefined> {
  const { rows } = await sql<{ kept: boolean; cause: CallCause }>`
    select kept, cause from app.reserve_alone(${call.callId}::uuid, ${call.botId}::uuid, ${call.model},
      ${call.provider}, ${call.priceVersion}, ${call.reservedPicos.toString()}::bigint, ${call.traceId ?? null},
      ${call.cause ?? null}, ${processId}::uuid)`.execute(db);
  return rows[0]?.kept ? { refusal: null, cause: rows[0].cause } : undefined;
}

/** @returns the ids it closed or set right; a missing one had been closed before. */
export async function settleCalls(db: Db, calls: readonly Settlement[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from app.settle_calls(
      ${column(calls, (call) => call.callId)}::uuid[], ${column(calls, (call) => call.state)}::text[],
      ${column(calls, (call) => totalInput(call.tokens))}::bigint[], ${column(calls, (call) => call.tokens.output)}::bigint[],
      ${column(calls, (call) => call.tokens.cacheRead)}::bigint[], ${column(calls, (call) => call.tokens.cacheWrite)}::bigint[],
      ${column(calls, (call) => call.tokens.cacheWrite1h)}::bigint[], ${column(calls, (call) => call.tokens.reasoning)}::bigint[],
      ${column(calls, (call) => call.costPicos)}::bigint[], ${column(calls, (call) => call.providerRequestId)}::text[],
      ${column(calls, (call) => call.httpStatus)}::integer[], ${column(calls, (call) => call.firstByteMs)}::integer[],
      ${column(calls, (call) => call.latencyMs)}::integer[], ${column(calls, (call) => call.reason)}::text[]) as id`.execute(
    db,
  );
  return new Set(rows.map((row) => row.id));
}

/** Leaves what is known of running calls, so that a killed process is not a free lunch. */
export async function noteCalls(
  db: Db,
  calls: readonly { callId: string; tokens: Tokens; costPicos: bigint }[],
): Promise<void> {
  await sql`select app.note_calls(
    ${column(calls, (call) => call.callId)}::uuid[], ${column(calls, (call) => totalInput(call.tokens))}::bigint[],
    ${column(calls, (call) => call.tokens.output)}::bigint[], ${column(calls, (call) => call.tokens.cacheRead)}::bigint[],
    ${column(calls, (call) => call.tokens.cacheWrite)}::bigint[], ${column(calls, (call) => call.tokens.cacheWrite1h)}::bigint[],
    ${column(calls, (call) => call.tokens.reasoning)}::bigint[], ${column(calls, (call) => call.costPicos)}::bigint[])`.execute(
    db,
  );
}

export async function beatProcess(db: Db, processId: string): Promise<void> {
  await sql`insert into app.model_processes (id) values (${processId}::uuid)
    on conflict (id) do update set seen_at = now(), suspected_at = null`.execute(db);
}

/** A proxy that was not heard of for so long is gone: it beats every 5 s (ledger.ts). */
const PROXY_GONE_MS = 30_000;

export async function selectProxyAlive(db: Db): Promise<boolean> {
  const { rows } = await sql<{ alive: boolean }>`select exists (
    select from app.model_processes where seen_at > now() - ${PROXY_GONE_MS} * interval '1 millisecond') as alive`.execute(
    db,
  );
  return rows[0]?.alive ?? false;
}

export interface SweepLimits {
  /** A process that is silent for so long is suspected … */
  processGraceMs: number;
  /** … and one that was suspected so long ago, and is silent still, is gone. */
  doubtMs: number;
  longestCallMs: number;
  atMost: number;
}

export interface Swept {
  closed: string[];
  /** Calls that the database will not close as they are, and what it says of them. */
  failed: { callId: string; failure: string }[];
}

export async function sweepCalls(db: Db, limits: SweepLimits): Promise<Swept> {
  const { rows } = await sql<{ callId: string; failure: string | null }>`
    select id as "callId", failure from app.sweep_calls(${limits.processGraceMs} * interval '1 millisecond',
      ${limits.doubtMs} * interval '1 millisecond', ${limits.longestCallMs} * interval '1 millisecond', ${limits.atMost})`.execute(
    db,
  );
  return {
    closed: rows.filter((row) => row.failure === null).map((row) => row.callId),
    failed: rows.flatMap(({ callId, failure }) => (failure === null ? [] : [{ callId, failure }])),
  };
}

/**
 * Forgets runs that made no call for more than seven days, and never one with an open call: its
 * settlement gives back to the run what it reserved there. Seven days are as long as the trace of a
 * message is taken for a person's (app.is_awaited): no run's cap begins anew while it can be used.
 * @returns how many; at most a page at a time.
 */
export async function deleteOldRuns(db: Db, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    with open as materialized (
      select bot_id, trace_id from app.usage_logs where state = 'reserved' and trace_id is not null
    )
    delete from app.model_runs where ctid in (
      select r.ctid from app.model_runs r
      where r.used_on < (now() at time zone 'utc')::date - 7
        and not exists (select from open where open.bot_id = r.bot_id and open.trace_id = r.trace_id)
      limit ${limit} for update of r skip locked)`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/** Forgets processes that can have no open call any more. */
export async function deleteOldProcesses(db: Db): Promise<void> {
  await sql`delete from app.model_processes where seen_at < now() - interval '1 day'`.execute(db);
}

export interface NearCap {
  botId: string;
  email: string;
  /** First day of the month, UTC. */
  month: string;
  /** Settled cost of the month; what is only reserved may come back. */
  spentPicos: bigint;
  capPicos: bigint;
  /** The bot's last call was refused because it did not fit under the cap, and none is running. */
  stopped: boolean;
}

/** A page of the budgets of this month of which at least `lowest` percent are used, in order of the bots. */
export async function selectNearCaps(
  db: Db,
  { after, lowest, limit }: { after: string | null; lowest: number; limit: number },
): Promise<NearCap[]> {
  const { rows } = await sql<NearCap>`
    select b.bot_id as "botId", users.email, b.month::text as month,
      greatest(0, b.month_picos - open.picos)::bigint as "spentPicos", b.month_cap_picos as "capPicos",
      open.calls = 0 and coalesce(last.state = 'refused' and last.reason = 'month_cap', false) as stopped
    from app.model_budgets b
    join app.bots on bots.id = b.bot_id
    join app.users on users.id = bots.user_id
    cross join lateral (
      select count(*) as calls, coalesce(sum(l.reserved_picos), 0)::bigint as picos
      from app.usage_logs l
      where l.bot_id = b.bot_id and l.state = 'reserved' and l."timestamp" > now() - interval '1 day') open
    left join lateral (
      select l.state, l.reason from app.usage_logs l
      where l.bot_id = b.bot_id and l."timestamp" >= b.month::timestamp at time zone 'utc'
      order by l."timestamp" desc limit 1) last on true
    where b.month = date_trunc('month', now() at time zone 'utc')::date
      and b.month_cap_picos > 0 and b.month_picos >= b.month_cap_picos / 100 * ${lowest}::int
      and (${after}::uuid is null or b.bot_id > ${after}::uuid)
    order by b.bot_id limit ${limit}`.execute(db);
  return rows;
}
