/**
 * What a provider says it has served, in the forms that are to be had: Anthropic's console CSV and
 * usage report, OpenAI's usage export (CSV and JSON), or a plain CSV by request.
 */
import { z } from "zod";
import { parseCsv } from "./parse-csv.ts";

/** One request, from a plain CSV. `tokensIn` counts all input, cache included. */
export interface ExportedCall {
  requestId: string;
  model: string;
  tokensIn: bigint;
  tokensOut: bigint;
  /** With what is lost below its last digit. */
  cost: { picos: bigint; precisionPicos: bigint } | undefined;
}

/** A model's day, UTC. `tokensIn` counts all input, cache included. */
export interface ExportedDay {
  day: string;
  model: string;
  tokensIn: bigint;
  tokensOut: bigint;
}

export type ProviderExport =
  | { by: "request"; calls: ExportedCall[] }
  | { by: "day"; provider: "anthropic" | "openai"; days: ExportedDay[] };

/** A sentence for the person who named the file. */
export class ExportError extends Error {
  override name = "ExportError";
}

/** @throws {ExportError} for a file that is none of the known forms, with what is wrong and where. */
export function readExport(text: string): ProviderExport {
  const isJson = /^\s*[[{]/.test(text);
  try {
    return isJson ? readJson(JSON.parse(text)) : readCsv(parseCsv(text));
  } catch (error) {
    if (error instanceof ExportError) throw error;
    throw new ExportError(`The file is neither CSV nor JSON that can be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function readCsv(rows: Record<string, string>[]): ProviderExport {
  const [first] = rows;
  if (!first) throw new ExportError("The file has no rows.");
  if ("request_id" in first) return { by: "request", calls: rows.map(readCall) };
  if ("usage_output_tokens" in first) {
    const inputs = Object.keys(first).filter((name) => name.startsWith("usage_input_tokens"));
    return byDay("anthropic", rows, (row, line) => ({
      day: dayOf(need(row, "usage_date_utc", line), line),
      model: need(row, "model_version", line),
      tokensIn: inputs.reduce((sum, name) => sum + count(row[name], line), 0n),
      tokensOut: count(row["usage_output_tokens"], line),
    }));
  }
  if ("input_tokens" in first && "output_tokens" in first && "model" in first) {
    return byDay("openai", rows, (row, line) => ({
      day: dayOf(row["start_time_iso"] || need(row, "start_time", line), line),
      model: need(row, "model", line),
      tokensIn: count(row["input_tokens"], line),
      tokensOut: count(row["output_tokens"], line),
    }));
  }
  throw new ExportError(
    "The columns are not known. Expected request_id,model,input_tokens,output_tokens[,cost_usd], Anthropic's usage CSV, or OpenAI's completions usage CSV.",
  );
}

function readCall(row: Record<string, string>, at: number): ExportedCall {
  const line = at + 2;
  return {
    requestId: need(row, "request_id", line),
    model: need(row, "model", line),
    tokensIn: count(row["input_tokens"], line),
    tokensOut: count(row["output_tokens"], line),
    cost: row["cost_usd"] ? dollars(row["cost_usd"], line) : undefined,
  };
}

const tokens = z.int().nonnegative().default(0);
const anthropicResult = z.object({
  model: z.string(),
  uncached_input_tokens: tokens,
  cache_read_input_tokens: tokens,
  cache_creation: z
    .object({ ephemeral_5m_input_tokens: tokens, ephemeral_1h_input_tokens: tokens })
    .prefault({}),
  output_tokens: tokens,
});
const anthropicReport = z.array(z.object({ starting_at: z.string(), results: z.array(anthropicResult) }));
const openaiResult = z.object({ model: z.string(), input_tokens: tokens, output_tokens: tokens });
const openaiBuckets = z.array(z.object({ start_time: z.number(), results: z.array(openaiResult) }));

/** One page, or a list of pages. */
function readJson(value: unknown): ProviderExport {
  const pages = z.array(z.looseObject({ data: z.array(z.unknown()) })).safeParse([value].flat());
  const buckets = pages.success ? pages.data.flatMap((page) => page.data) : [value].flat();
  const anthropic = anthropicReport.safeParse(buckets);
  if (anthropic.success && buckets.length > 0) {
    const days = anthropic.data.flatMap(({ starting_at: start, results }) =>
      results.map((one) => ({
        day: dayOf(start, 0),
        model: one.model,
        tokensIn: BigInt(
          one.uncached_input_tokens +
            one.cache_read_input_tokens +
            one.cache_creation.ephemeral_5m_input_tokens +
            one.cache_creation.ephemeral_1h_input_tokens,
        ),
        tokensOut: BigInt(one.output_tokens),
      })),
    );
    return { by: "day", provider: "anthropic", days: merged(days) };
  }
  const openai = openaiBuckets.safeParse(buckets);
  if (openai.success && buckets.length > 0) {
    const days = openai.data.flatMap(({ start_time: start, results }) =>
      results.map((one) => ({
        day: dayOf(String(start), 0),
        model: one.model,
        tokensIn: BigInt(one.input_tokens),
        tokensOut: BigInt(one.output_tokens),
      })),
    );
    return { by: "day", provider: "openai", days: merged(days) };
  }
  throw new ExportError(
    "The JSON is not known. Expected Anthropic's messages usage report or OpenAI's completions usage, grouped by model.",
  );
}

function byDay(
  provider: "anthropic" | "openai",
  rows: Record<string, string>[],
  read: (row: Record<string, string>, line: number) => ExportedDay,
): ProviderExport {
  return { by: "day", provider, days: merged(rows.map((row, at) => read(row, at + 2))) };
}

/** One entry a day and model: an export has one for each key, workspace and tier as well. */
function merged(days: readonly ExportedDay[]): ExportedDay[] {
  const sums = new Map<string, ExportedDay>();
  for (const one of days) {
    const key = `${one.day} ${one.model}`;
    const sum = sums.get(key);
    if (!sum) sums.set(key, { ...one });
    else {
      sum.tokensIn += one.tokensIn;
      sum.tokensOut += one.tokensOut;
    }
  }
  return [...sums.values()];
}

function need(row: Record<string, string>, name: string, line: number): string {
  const value = row[name];
  if (!value) throw new ExportError(`Line ${line} has no ${name}.`);
  return value;
}

function count(text: string | undefined, line: number): bigint {
  if (text === undefined || text === "") return 0n;
  if (!/^\d{1,18}(\.0+)?$/.test(text))
    throw new ExportError(`Line ${line}: "${text}" is not a count of tokens.`);
  return BigInt(text.split(".")[0] ?? "0");
}

/** An ISO day or moment, or unix seconds. */
function dayOf(text: string, line: number): string {
  const at = /^\d{9,11}(\.\d+)?$/.test(text)
    ? Number(text) * 1000
    : Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (!Number.isFinite(at)) throw new ExportError(`Line ${line}: "${text}" is not a day.`);
  return new Date(at).toISOString().slice(0, 10);
}

const PICO_DIGITS = 12;

function dollars(text: string, line: number): { picos: bigint; precisionPicos: bigint } {
  const match = /^\$?(\d{1,9})(?:\.(\d{1,12}))?$/.exec(text);
  if (!match) throw new ExportError(`Line ${line}: "${text}" is not an amount of dollars.`);
  const [, whole = "0", fraction = ""] = match;
  const picos = BigInt(whole + fraction.padEnd(PICO_DIGITS, "0"));
  return { picos, precisionPicos: 10n ** BigInt(PICO_DIGITS - fraction.length) };
}
