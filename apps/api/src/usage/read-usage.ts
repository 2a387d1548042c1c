/** One month of the ledger as people read it. */
import { type BudgetView, chargePicos, type Usage, type UsageCall } from "@molt/contract";
import type { Kysely, Selectable } from "kysely";
import { withUser } from "../db/open.ts";
import type { Database, UsageLogTable } from "../db/types.ts";
import type { Deps } from "../deps.ts";
import { findBotOfUser } from "../fleet/view-bot.ts";
import { readBudget } from "../models/read-budget.ts";
import { firstWords } from "./first-words.ts";
import { monthOf } from "./month.ts";
import {
  selectDays,
  selectDearestMessages,
  selectRecentCalls,
  type UsageDayRow,
  type UsageMessageRow,
  type UsageTotals,
} from "./table.ts";

const RECENT = 100;
const DEAREST = 50;
/** What the contract allows the words of a message to take. */
const MAX_WORDS = 120;

/** @param month `YYYY-MM` in UTC; the present one when it is not given. */
export async function readUsage(
  deps: Pick<Deps, "db" | "clock">,
  userId: string,
  month?: string,
): Promise<Usage> {
  const shown = month ?? monthOf(deps.clock.now());
  const firstDay = `${shown}-01`;
  const { budget, days, calls, messages } = await withUser(deps.db, userId, (trx) =>
    readMonth(trx, userId, firstDay),
  );
  const total = sum(days);
  return {
    month: shown,
    budget: budget ?? null,
    total: { ...view(total), chargePicos: chargePicos(total.cost_picos).toString() },
    byDay: grouped(days, (row) => row.day).map(([day, totals]) => ({ day, ...view(totals) })),
    byModel: grouped(days, (row) => row.model).map(([model, totals]) => ({ model, ...view(totals) })),
    byCause: grouped(days, (row) => row.cause).map(([cause, totals]) => ({ cause, ...view(totals) })),
    byMessage: messages.map(viewMessage),
    recent: calls.map(viewCall),
  };
}

interface Month {
  budget: BudgetView | undefined;
  days: UsageDayRow[];
  calls: Selectable<UsageLogTable>[];
  messages: UsageMessageRow[];
}

/** Nothing of everything for a user without a bot. */
async function readMonth(trx: Kysely<Database>, userId: string, firstDay: string): Promise<Month> {
  const bot = await findBotOfUser(trx, userId);
  if (!bot) return { budget: undefined, days: [], calls: [], messages: [] };
  const month = { botId: bot.id, firstDay };
  return {
    budget: await readBudget(trx, bot.id),
    days: await selectDays(trx, month),
    calls: await selectRecentCalls(trx, month, RECENT),
    messages: await selectDearestMessages(trx, month, DEAREST),
  };
}

function grouped<K extends string>(rows: UsageDayRow[], keyOf: (row: UsageDayRow) => K): [K, UsageTotals][] {
  const groups = new Map<K, UsageDayRow[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return [...groups].map(([key, group]) => [key, sum(group)]);
}

function sum(rows: readonly UsageTotals[]): UsageTotals {
  const total = { calls: 0n, tokens_in: 0n, tokens_out: 0n, cost_picos: 0n };
  for (const row of rows) {
    total.calls += row.calls;
    total.tokens_in += row.tokens_in;
    total.tokens_out += row.tokens_out;
    total.cost_picos += row.cost_picos;
  }
  return total;
}

/** Token counts are below 2^53 by the contract, which parses them again on the way out. */
function view(totals: UsageTotals) {
  return {
    calls: Number(totals.calls),
    tokensIn: Number(totals.tokens_in),
    tokensOut: Number(totals.tokens_out),
    costPicos: totals.cost_picos.toString(),
  };
}

function viewMessage(row: UsageMessageRow): Usage["byMessage"][number] {
  return {
    messageId: row.message_id,
    at: row.at.toISOString(),
    text: firstWords(row.text, MAX_WORDS),
    ...view(row),
  };
}

function viewCall(row: Selectable<UsageLogTable>): UsageCall {
  return {
    id: row.id,
    at: row.timestamp.toISOString(),
    model: row.model,
    cause: row.cause,
    state: row.state,
    messageId: row.message_id,
    tokensIn: Number(row.tokens_in),
    tokensOut: Number(row.tokens_out),
    cacheReadTokens: Number(row.cache_read_tokens),
    cacheWriteTokens: Number(row.cache_write_tokens + row.cache_write_1h_tokens),
    costPicos: row.cost_picos.toString(),
  };
}
