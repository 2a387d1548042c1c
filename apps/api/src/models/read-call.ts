/**
 * What the ledger must know of a request before it may leave: model, the most it can use, and
 * whether anything in it is billed by other means than tokens. The body itself goes out as it came,
 * except where a limit or the usage report has to be asked for.
 */
import { boundInput, leastInput } from "./bound-input.ts";
import { checkFields, isObject } from "./check-fields.ts";
import { hourCache } from "./hour-cache.ts";
import type { ModelApi } from "./providers.ts";
import { readCause } from "./read-cause.ts";
import { badRequest } from "./refusals.ts";
import type { UnattendedCause } from "./table.ts";

export interface CallRequest {
  api: ModelApi;
  model: string;
  stream: boolean;
  /** Upper bound of input tokens by the size of the text; the model's window bounds it as well. */
  maxInput: number;
  /** Lower bound of input tokens, by the words of the text. Counted when it is asked for. */
  readonly minInput: number;
  /** Answers asked for at once. */
  choices: number;
  /** Upper bound of output tokens over all choices. */
  maxOutput: number;
  /** Some of what is written to a cache may lie there for an hour, which costs more. */
  cachesForAnHour: boolean;
  body: Buffer;
  /** The client did not ask for the chunk with the usage: it is taken out on the way back. */
  dropUsageChunk: boolean;
  /** What started the call, where the bot says so and no message did. */
  cause?: UnattendedCause | undefined;
}

/** What we set where an OpenAI client sets no limit: without one there is no worst case to reserve. */
const DEFAULT_MAX_OUTPUT = 8_192;
const LARGEST_OUTPUT = 1_000_000;
/** What the formats call the limit of the output; the first is the one we set. */
const OUTPUT_LIMITS = {
  "openai-responses": ["max_output_tokens"],
  "openai-completions": ["max_completion_tokens", "max_tokens"],
} as const;
const MAX_CHOICES = 8;

type Json = Record<string, unknown>;

/**
 * @param bytes that `checkJson` has let through.
 * @throws {CallRefused} 400 with the field that is wrong.
 */
export function readCall(api: ModelApi, bytes: Buffer): CallRequest {
  const body = parse(bytes);
  const { model } = body;
  if (typeof model !== "string" || model === "" || model.length > 200)
    throw badRequest("model: Field required");
  const ownTools = checkFields(api, body);
  const choices = wholeNumber(body, "n", MAX_CHOICES) ?? 1;
  const stream = body["stream"] === true;
  const hour = hourCache(bytes, body);
  // This format's numbers say how much was written, and not for how long.
  if (hour === "some" && api === "openai-completions")
    throw badRequest("cache_control: all of one request must have the same ttl on this platform.");
  const base = {
    api,
    model,
    stream,
    choices,
    cachesForAnHour: hour !== "none",
    maxInput: boundInput(api, body, bytes.length) + ownTools,
    cause: readCause(body["messages"] ?? body["input"]),
  };
  if (api === "anthropic-messages") {
    const maxOutput = wholeNumber(body, "max_tokens", LARGEST_OUTPUT);
    if (maxOutput === undefined) throw badRequest("max_tokens: Field required");
    return withMinInput({ ...base, maxOutput, body: bytes, dropUsageChunk: false });
  }
  const [name, ...others] = OUTPUT_LIMITS[api];
  const limits = [name, ...others].map((limit) => wholeNumber(body, limit, LARGEST_OUTPUT) ?? 0);
  // Which of two a server goes by is its own business: the larger one is the worst case.
  const asked = Math.max(...limits) || undefined;
  const extra: Json = asked === undefined ? { [name]: DEFAULT_MAX_OUTPUT } : {};
  const wantsUsage = isObject(body["stream_options"]) && body["stream_options"]["include_usage"] === true;
  const askUsage = api === "openai-completions" && stream && !wantsUsage;
  if (askUsage)
    extra["stream_options"] = {
      ...(isObject(body["stream_options"]) ? body["stream_options"] : {}),
      include_usage: true,
    };
  return withMinInput({
    ...base,
    maxOutput: (asked ?? DEFAULT_MAX_OUTPUT) * choices,
    body: Object.keys(extra).length === 0 ? bytes : withFields(bytes, body, extra),
    dropUsageChunk: askUsage,
  });
}

/**
 * The body for a server that may know one of the two names of the limit only (Ollama goes by `max_tokens`
 * alone): the same number stands under both, or the answer has no end that was reserved.
 */
export function withBothLimits({ api, body: bytes, maxOutput, choices }: CallRequest): Buffer {
  if (api !== "openai-completions") return bytes;
  const body = parse(bytes);
  const limit = maxOutput / choices;
  const missing = OUTPUT_LIMITS[api].filter((name) => body[name] !== limit);
  return missing.length === 0
    ? bytes
    : withFields(bytes, body, Object.fromEntries(missing.map((name) => [name, limit])));
}

/** Read again when it is asked for, which is rare: a parsed body weighs several times its bytes, as long as the call lasts. */
function withMinInput(call: Omit<CallRequest, "minInput">): CallRequest {
  const minInput = { get: () => leastInput(parse(call.body)) };
  return Object.defineProperty(call, "minInput", minInput) as CallRequest; // it has it now
}

function parse(bytes: Buffer): Json {
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw badRequest("The request body is not valid JSON.");
  }
  if (!isObject(body)) throw badRequest("The request body is not a JSON object.");
  return body;
}

/**
 * Adds fields. In front of the bytes as they are where that is unambiguous; written anew where the
 * field exists already with another value.
 */
function withFields(bytes: Buffer, body: Json, extra: Json): Buffer {
  const start = bytes.indexOf("{");
  const added = JSON.stringify(extra).slice(1, -1);
  if (Object.keys(extra).some((name) => name in body))
    return Buffer.from(JSON.stringify({ ...body, ...extra }));
  const separator = Object.keys(body).length === 0 ? "" : ",";
  return Buffer.concat([
    bytes.subarray(0, start + 1),
    Buffer.from(added + separator),
    bytes.subarray(start + 1),
  ]);
}

function wholeNumber(body: Json, name: string, max: number): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > max) {
    throw badRequest(`${name}: expected a whole number from 1 to ${max}`);
  }
  return value;
}
