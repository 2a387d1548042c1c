/**
 * What the ledger must know of a request before it may leave: model, the most it can use, and
 * whether anything in it is billed by other means than tokens. The body itself goes out as it came,
 * except where a limit or the usage report has to be asked for.
 */
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
  /** Upper bound of output tokens over all choices. */
  maxOutput: number;
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
/**
 * Tokens of one picture, whatever its size in bytes. Providers scale pictures down first; 1,600 to
 * 4,800 tokens at Anthropic, up to about 10,000 for a large one in full detail at OpenAI.
 */
const IMAGE_TOKENS = 16_000;

type Json = Record<string, unknown>;

/** @throws {CallRefused} 400 with the field that is wrong. */
export function readCall(api: ModelApi, bytes: Buffer): CallRequest {
  const body = parse(bytes);
  refuseOddNames(body);
  const { model } = body;
  if (typeof model !== "string" || model === "" || model.length > 200)
    throw badRequest("model: Field required");
  refuseUnpriced(api, body);
  const choices = wholeNumber(body, "n", MAX_CHOICES) ?? 1;
  const stream = body["stream"] === true;
  const cause = readCause(body["messages"] ?? body["input"]);
  const base = { api, model, stream, maxInput: inputBound(bytes, body), cause };
  if (api === "anthropic-messages") {
    const maxOutput = wholeNumber(body, "max_tokens", LARGEST_OUTPUT);
    if (maxOutput === undefined) throw badRequest("max_tokens: Field required");
    return { ...base, maxOutput, body: bytes, dropUsageChunk: false };
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
  return {
    ...base,
    maxOutput: (asked ?? DEFAULT_MAX_OUTPUT) * choices,
    body: Object.keys(extra).length === 0 ? bytes : withFields(bytes, body, extra),
    dropUsageChunk: askUsage,
  };
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

/**
 * Some servers take `MODEL` for `model` (Go's reader does), so that they would read another request
 * than the one that was weighed here. All fields of all three formats are lower case.
 */
function refuseOddNames(body: Json): void {
  const odd = Object.keys(body).find((name) => !/^[a-z][a-z0-9_]*$/.test(name));
  if (odd !== undefined)
    throw badRequest(`${JSON.stringify(odd.slice(0, 100))}: Extra inputs are not permitted`);
}

/** Client-side tools of the providers: run by the bot, billed as tokens. All others are functions. */
const CLIENT_TOOLS =
  /^(custom|function|bash_\d+|text_editor_\d+|computer_\d+|memory_\d+|local_shell|shell|apply_patch|namespace|tool_search)$/;
const UNPRICED = [
  "mcp_servers",
  "container",
  "inference_geo",
  "previous_response_id",
  "conversation",
  "prompt",
  "audio",
  "web_search_options",
  "prediction",
  "models",
  "preset",
  "plugins",
  "provider",
  "route",
] as const;
const FREE_TIERS: readonly unknown[] = [undefined, null, "auto", "default", "standard", "standard_only"];

/**
 * Refuses what is billed by something else than the tokens of this answer (searches, faster tiers,
 * sound, code containers, answers that come later or hang on stored conversations), what may be billed
 * beyond the limit of the output (predictions), and what lets somebody else choose the model or its
 * price after it was weighed (OpenRouter's routing).
 */
function refuseUnpriced(api: ModelApi, body: Json): void {
  const refuse = (what: string) => badRequest(`${what} is not available on this platform.`);
  for (const tool of Array.isArray(body["tools"]) ? (body["tools"] as unknown[]) : []) {
    const type = isObject(tool) ? tool["type"] : undefined;
    if (type !== undefined && !(typeof type === "string" && CLIENT_TOOLS.test(type)))
      throw refuse(`The tool type ${JSON.stringify(type)}`);
  }
  if (!FREE_TIERS.includes(body["service_tier"]))
    throw refuse(`service_tier ${JSON.stringify(body["service_tier"])}`);
  for (const name of UNPRICED)
    if ((api !== "openai-completions" || name !== "prompt") && isSet(body[name])) throw refuse(name);
  if (isSet(body["speed"]) && body["speed"] !== "standard") throw refuse("speed");
  if (body["background"] === true) throw refuse("background");
  const { modalities } = body;
  if (Array.isArray(modalities) && modalities.some((kind) => kind !== "text"))
    throw refuse("modalities other than text");
}

/**
 * No text has more tokens than bytes. Pictures are counted by their own bound instead of by their
 * bytes; documents, files and addresses may hold anything, so only the model's window bounds those.
 */
function inputBound(bytes: Buffer, body: Json): number {
  if (
    !bytes.includes('"image') &&
    !bytes.includes('"document"') &&
    !bytes.includes('"file"') &&
    !bytes.includes('"input_')
  ) {
    return bytes.length;
  }
  let bound = bytes.length;
  const visit = (value: unknown, depth: number): void => {
    if (depth > 12) return;
    if (Array.isArray(value)) for (const entry of value) visit(entry, depth + 1);
    if (!isObject(value)) return;
    const { type } = value;
    if (type === "document" || type === "file" || type === "input_file" || type === "input_audio")
      bound = Number.MAX_SAFE_INTEGER;
    if (type === "image" || type === "image_url" || type === "input_image")
      bound += IMAGE_TOKENS - dataLength(value);
    else for (const entry of Object.values(value)) visit(entry, depth + 1);
  };
  visit(body["messages"] ?? body["input"], 0);
  return Math.max(0, Math.min(bound, Number.MAX_SAFE_INTEGER));
}

/** Characters of the base64 data of a picture in any of the three formats. */
function dataLength(image: Json): number {
  const { source, image_url: url } = image;
  const data = isObject(source) ? source["data"] : isObject(url) ? url["url"] : url;
  return typeof data === "string" && !data.startsWith("http") ? data.length : 0;
}

function wholeNumber(body: Json, name: string, max: number): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > max) {
    throw badRequest(`${name}: expected a whole number from 1 to ${max}`);
  }
  return value;
}

function isSet(value: unknown): boolean {
  return (
    value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0)
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
