/** Calls of many users in batches: written plainly, and reserved and settled as the proxy does. */
import { randomUUID } from "node:crypto";
import pg from "pg";
import { systemClock } from "../../apps/api/src/clock.ts";
import { column } from "../../apps/api/src/db/column.ts";
import { openDatabase } from "../../apps/api/src/db/open.ts";
import { createLog } from "../../apps/api/src/log.ts";
import { type BotSettlement, Ledger } from "../../apps/api/src/models/ledger.ts";
import type { Reservation } from "../../apps/api/src/models/table.ts";
import type { IngestDatabase, IngestUser } from "./database.ts";

export const BATCH = 500;
export const CONNECTIONS = 4;
const RESERVED = 50_000_000_000n;
export const COST = 12_345_678_901n;

/** One call in ten comes again in its own batch, as after a lost answer. */
export function makeBatches(users: readonly IngestUser[], calls: number): Reservation[][] {
  return Array.from({ length: calls / BATCH }, () => {
    const fresh = Array.from({ length: BATCH * 0.9 }, () => makeCall(pick(users)));
    return [...fresh, ...fresh.slice(0, BATCH / 10)];
  });
}

function makeCall({ botId, messages }: IngestUser): Reservation {
  const traceId = Math.random() < 0.9 ? pick(messages) : undefined;
  const names = { model: "claude-sonnet-5", provider: "anthropic", priceVersion: "2026-11-20" };
  return { callId: randomUUID(), botId, ...names, reservedPicos: RESERVED, traceId };
}

function pick<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error("nothing to choose from");
  return item;
}

function settlementOf(call: Reservation): BotSettlement {
  const tokens = {
    input: 800,
    cacheRead: 4_000,
    cacheWrite: 200,
    cacheWrite1h: 0,
    output: 350,
    reasoning: 100,
  };
  const times = { firstByteMs: 612, latencyMs: 4_380 };
  const { callId, botId } = call;
  const providerRequestId = `req_${callId}`;
  const answer = { providerRequestId, httpStatus: 200, reason: undefined, ...times };
  return { callId, botId, state: "settled", tokens, costPicos: COST, ...answer };
}

export interface Rate {
  perSecond: number;
  /** Median of one batch. */
  batchMs: number;
}

/** Works through the batches on four connections at once; counts calls, repeated ones included. */
async function rate(
  batches: readonly Reservation[][],
  work: (batch: Reservation[], lane: number) => Promise<void>,
): Promise<Rate> {
  const left = [...batches];
  const times: number[] = [];
  const began = performance.now();
  const lane = async (_: unknown, at: number) => {
    for (let batch = left.pop(); batch; batch = left.pop()) {
      const start = performance.now();
      await work(batch, at);
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  const seconds = (performance.now() - began) / 1000;
  const batchMs = times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
  return { perSecond: (batches.length * BATCH) / seconds, batchMs };
}

/** The limit: whole rows into the ledger's own table, with its indexes and its check for duplicates. */
export async function insertPlainly({ url, users }: IngestDatabase, calls: number): Promise<Rate> {
  const clients = Array.from({ length: CONNECTIONS }, () => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  const text = `insert into app.usage_logs (id, bot_id, model, provider, price_version, state, cause, cost_picos)
    select *, 'settled', 'chat', ${COST} from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
    on conflict (id) do nothing`;
  try {
    return await rate(makeBatches(users, calls), async (batch, at) => {
      const values = [
        column(batch, (call) => call.callId),
        column(batch, (call) => call.botId),
        column(batch, (call) => call.model),
        column(batch, (call) => call.provider),
        column(batch, (call) => call.priceVersion),
      ];
      await clients[at]?.query({ name: "plain", text, values });
    });
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

export interface LedgerRates {
  /** Calls a second; the repeated ones count, for they cost a look as well. */
  reserve: number;
  settle: number;
  both: number;
  /** Ids it reserved and settled; repeats left out. */
  distinct: number;
  /** Median of one reservation and one settlement, one at a time. */
  oneReserveMs: number;
  oneSettleMs: number;
}

/** Callers that wait at the same time, as the streams of a busy proxy do. */
const AT_ONCE = 4_000;

/** Through the proxy's own ledger: its batches and its connections. */
export async function reserveAndSettle({ url, users }: IngestDatabase, calls: number): Promise<LedgerRates> {
  const log = createLog([], "silent");
  const db = openDatabase(url, { name: "bench-ingest", max: 20 });
  const ledger = await Ledger.open({ db, log, clock: systemClock() });
  const sent = new Set<string>();
  const reserve = async (call: Reservation) => {
    sent.add(call.callId);
    const { refusal } = await ledger.reserve(call);
    if (refusal) throw new Error(`a call was refused: ${refusal}`);
  };
  const settle = (call: Reservation) => ledger.settle(settlementOf(call));
  const both = (call: Reservation) => reserve(call).then(() => settle(call));
  try {
    await perSecond(makeBatches(users, 8 * BATCH).flat(), both);
    const first = makeBatches(users, calls).flat();
    const figures = {
      reserve: await perSecond(first, reserve),
      settle: await perSecond(first, settle),
      both: await perSecond(makeBatches(users, calls).flat(), both),
    };
    const reserveTimes: number[] = [];
    const settleTimes: number[] = [];
    for (const call of makeBatches(users, BATCH).flat().slice(0, 400)) {
      const start = performance.now();
      await reserve(call);
      const between = performance.now();
      await settle(call);
      reserveTimes.push(between - start);
      settleTimes.push(performance.now() - between);
    }
    return {
      ...figures,
      distinct: sent.size,
      oneReserveMs: median(reserveTimes),
      oneSettleMs: median(settleTimes),
    };
  } finally {
    await ledger.close();
    await db.destroy();
  }
}

async function perSecond(
  calls: readonly Reservation[],
  work: (call: Reservation) => Promise<void>,
): Promise<number> {
  const left = [...calls];
  const began = performance.now();
  const caller = async () => {
    for (let call = left.pop(); call; call = left.pop()) await work(call);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  return (calls.length * 1000) / (performance.now() - began);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/**
 * @param calls - how many different ids were sent.
 * @throws {Error} when one is missing, or ledger, budgets, days and messages do not say the same.
 */
export async function checkSums(
  { client }: IngestDatabase,
  calls: number,
): Promise<{ rows: number; picos: string }> {
  const { rows } = await client.query<
    Record<
      | "rows"
      | "ledger"
      | "budgets"
      | "days"
      | "dayCalls"
      | "chats"
      | "chatCalls"
      | "messages"
      | "messageCalls",
      string
    >
  >(
    `with proxied as (select * from app.usage_logs where process_id is not null),
       chat as (select * from proxied where message_id is not null)
     select (select count(*) from proxied where state = 'settled')::text as rows,
       (select sum(cost_picos) from proxied)::text as ledger,
       (select sum(day_picos) from app.model_budgets)::text as budgets,
       (select sum(cost_picos) from app.usage_days)::text as days,
       (select sum(calls) from app.usage_days)::text as "dayCalls",
       (select sum(cost_picos) from chat)::text as chats,
       (select count(*) from chat)::text as "chatCalls",
       (select sum(cost_picos) from app.usage_messages)::text as messages,
       (select sum(calls) from app.usage_messages)::text as "messageCalls"`,
  );
  const sums = rows[0];
  if (!sums) throw new Error("the database answered nothing");
  const expected = (BigInt(calls) * COST).toString();
  if (
    [sums.rows, sums.dayCalls].some((count) => count !== calls.toString()) ||
    [sums.ledger, sums.budgets, sums.days].some((sum) => sum !== expected) ||
    sums.chats !== sums.messages ||
    sums.chatCalls !== sums.messageCalls
  )
    throw new Error(`${calls} calls were sent, the tables say ${JSON.stringify(sums)}`);
  return { rows: Number(sums.rows), picos: sums.ledger };
}
