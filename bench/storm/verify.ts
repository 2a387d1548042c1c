/** Compares the ledger with what the provider saw and what the callers got. */
import { type ModelPrice, priceOf } from "@molt/contract";
import pg from "pg";
import { costPicos, noTokens } from "../../apps/api/src/models/cost.ts";
import type { CallEnd } from "./callers.ts";
import type { Truth } from "./origin.ts";

export const MODEL = "claude-sonnet-5";

interface Row {
  mark: string;
  state: string;
  input: number;
  cacheRead: number;
  output: number;
  cost: bigint;
}

export interface Verdict {
  /** Each a sentence with the mark it is about; empty when every promise held. */
  violations: string[];
  figures: Record<string, number>;
}

export async function verify(
  database: string,
  truth: ReadonlyMap<string, Truth>,
  ends: readonly CallEnd[],
): Promise<Verdict> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    const rows = await readRows(client);
    const price = priceOf(MODEL);
    if (!price) throw new Error(`${MODEL} has no price`);
    const violations = [
      ...againstTruth(rows, truth, price),
      ...againstCallers(rows, truth, ends),
      ...(await againstSums(client)),
    ];
    const count = (test: (row: Row) => boolean) => rows.filter(test).length;
    const outcome = (name: CallEnd["outcome"]) => ends.filter((end) => end.outcome === name).length;
    return {
      violations,
      figures: {
        calls: ends.length,
        complete: outcome("complete"),
        left: outcome("left"),
        cut: outcome("cut"),
        refused: outcome("refused"),
        "seen upstream": truth.size,
        rows: rows.length,
        settled: count((row) => row.state === "settled"),
        estimated: count((row) => row.state === "estimated"),
      },
    };
  } finally {
    await client.end();
  }
}

async function readRows(client: pg.Client): Promise<Row[]> {
  const { rows } = await client.query<Record<string, string>>(
    `select trace_id, state, (tokens_in - cache_read_tokens)::text as input, cache_read_tokens::text as cache_read,
       tokens_out::text as output, cost_picos::text as cost
     from app.usage_logs where state <> 'refused'`,
  );
  return rows.map((row) => ({
    mark: String(row["trace_id"]),
    state: String(row["state"]),
    input: Number(row["input"]),
    cacheRead: Number(row["cache_read"]),
    output: Number(row["output"]),
    cost: BigInt(row["cost"] ?? 0),
  }));
}

/** One row for each call that the provider saw, never above what it would bill; nothing for the others. */
function* againstTruth(
  rows: readonly Row[],
  truth: ReadonlyMap<string, Truth>,
  price: ModelPrice,
): Iterable<string> {
  const byMark = Map.groupBy(rows, (row) => row.mark);
  for (const [mark, { sightings }] of truth) {
    if (sightings !== 1) yield `${mark} reached the provider ${sightings} times`;
    const found = byMark.get(mark)?.length ?? 0;
    if (found !== 1) yield `${mark} was seen by the provider and has ${found} rows`;
  }
  for (const row of rows) {
    const seen = truth.get(row.mark);
    if (row.state === "reserved") yield `${row.mark} is still open`;
    if (!seen && row.cost > 0n) yield `${row.mark} never reached the provider and costs ${row.cost}`;
    if (!seen) continue;
    const { input, cacheRead, output } = seen;
    const most = costPicos({ ...noTokens, input, cacheRead, output }, price);
    if (row.cost > most) yield `${row.mark} (${row.state}) costs ${row.cost}, the provider bills ${most}`;
  }
}

/** Whoever got a whole answer got the provider's bytes, and the provider's numbers are in the ledger. */
function* againstCallers(
  rows: readonly Row[],
  truth: ReadonlyMap<string, Truth>,
  ends: readonly CallEnd[],
): Iterable<string> {
  const byMark = new Map(rows.map((row) => [row.mark, row]));
  for (const { mark, outcome, sha256 } of ends) {
    if (outcome !== "complete") continue;
    const [row, seen] = [byMark.get(mark), truth.get(mark)];
    if (!row || !seen) {
      yield `${mark} was answered without a row or without the provider`;
      continue;
    }
    if (sha256 !== seen.sha256) yield `${mark} arrived with other bytes than the provider sent`;
    const told = [row.state, row.input, row.cacheRead, row.output].join(" ");
    const expected = ["settled", seen.input, seen.cacheRead, seen.output].join(" ");
    if (told !== expected) yield `${mark} is "${told}" in the ledger and "${expected}" at the provider`;
  }
}

/** Budgets and days are the sums of the rows they were folded from. */
async function againstSums(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; of_rows: string; folded: string }>(`
    with spent as (select coalesce(sum(cost_picos), 0) as picos from app.usage_logs)
    select 'days' as name, spent.picos::text as of_rows, (select coalesce(sum(cost_picos), 0) from app.usage_days)::text as folded from spent
    union all
    select 'months', spent.picos::text, (select coalesce(sum(month_picos), 0) from app.model_budgets)::text from spent
    union all
    select 'runs', spent.picos::text, (select coalesce(sum(picos), 0) from app.model_runs)::text from spent`);
  return rows
    .filter(({ of_rows, folded }) => of_rows !== folded)
    .map(({ name, of_rows, folded }) => `the rows come to ${of_rows}, the ${name} to ${folded}`);
}
