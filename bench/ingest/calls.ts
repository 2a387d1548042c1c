/** Calls of many users in batches: written plainly, and reserved and settled as the proxy does. */
import { randomUUID } from "node:crypto";
import pg from "pg";
import { column } from "../../apps/api/src/db/column.ts";
import { openDatabase } from "../../apps/api/src/db/open.ts";
import {
  type Reservation,
  reserveCalls,
  type Settlement,
  settleCalls,
} from "../../apps/api/src/models/table.ts";
import type { IngestDatabase, IngestUser } from "./database.ts";

export const BATCH = 500;
export const CONNECTIONS = 4;
const PROCESS = randomUUID();
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

function settlementOf(call: Reservation): Settlement {
  const tokens = {
    input: 800,
    cacheRead: 4_000,
    cacheWrite: 200,
    cacheWrite1h: 0,
    output: 350,
    reasoning: 100,
  };
  const times = { firstByteMs: 612, latencyMs: 4_380 };
  const { callId } = call;
  const providerRequestId = `req_${callId}`;
  const answer = { providerRequestId, httpStatus: 200, reason: undefined, ...times };
  return { callId, state: "settled", tokens, costPicos: COST, ...answer };
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
  reserve: Rate;
  settle: Rate;
  both: Rate;
  /** Median of one reservation and one settlement, one at a time. */
  oneReserveMs: number;
  oneSettleMs: number;
}

export async function reserveAndSettle({ url, users }: IngestDatabase, calls: number): Promise<LedgerRates> {
  const db = openDatabase(url, { name: "bench-ingest", max: CONNECTIONS });
  const reserve = async (batch: Reservation[]) => {
    const answers = await reserveCalls(db, batch, PROCESS);
    if (answers.some((answer) => answer.refusal)) throw new Error("a call was refused");
  };
  const settle = async (batch: Reservation[]) => {
    const distinct = batch.slice(0, BATCH * 0.9);
    const closed = await settleCalls(db, distinct.map(settlementOf));
    if (closed.size !== distinct.length) throw new Error("a call was not settled");
    if ((await settleCalls(db, distinct.slice(0, BATCH / 10).map(settlementOf))).size > 0)
      throw new Error("a call was settled twice");
  };
  try {
    await rate(makeBatches(users, 8 * BATCH), async (batch) => reserve(batch).then(() => settle(batch)));
    const batches = makeBatches(users, calls);
    const reserved = await rate(batches, reserve);
    const settled = await rate(batches, settle);
    const both = await rate(makeBatches(users, calls), async (batch) =>
      reserve(batch).then(() => settle(batch)),
    );
    const reserveTimes: number[] = [];
    const settleTimes: number[] = [];
    for (const call of makeBatches(users, BATCH).flat().slice(0, 400)) {
      const start = performance.now();
      await reserveCalls(db, [call], PROCESS);
      const between = performance.now();
      await settleCalls(db, [settlementOf(call)]);
      reserveTimes.push(between - start);
      settleTimes.push(performance.now() - between);
    }
    return {
      reserve: reserved,
      settle: settled,
      both,
      oneReserveMs: median(reserveTimes),
      oneSettleMs: median(settleTimes),
    };
  } finally {
    await db.destroy();
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** @throws {Error} when ledger, budgets, days and messages do not say the same. */
export async function checkSums({ client }: IngestDatabase): Promise<{ rows: number; picos: string }> {
  const { rows } = await client.query<
    Record<"rows" | "ledger" | "budgets" | "days" | "chats" | "messages", string>
  >(
    `select (select count(*) from app.usage_logs where process_id is not null)::text as rows,
       (select sum(cost_picos) from app.usage_logs where process_id is not null)::text as ledger,
       (select sum(day_picos) from app.model_budgets)::text as budgets,
       (select sum(cost_picos) from app.usage_days)::text as days,
       (select sum(cost_picos) from app.usage_logs where process_id is not null and message_id is not null)::text as chats,
       (select sum(cost_picos) from app.usage_messages)::text as messages`,
  );
  const sums = rows[0];
  if (!sums) throw new Error("the database answered nothing");
  const { ledger, budgets, days, chats, messages } = sums;
  const expected = (BigInt(sums.rows) * COST).toString();
  if ([ledger, budgets, days].some((sum) => sum !== expected) || chats !== messages)
    throw new Error(`the sums differ: ${JSON.stringify(sums)}`);
  return { rows: Number(sums.rows), picos: ledger };
}
