/**
 * Reads the provider's own numbers off an answer while it passes by (reference: runtime, section 5).
 * Nothing is believed unchecked: a number that cannot be one makes the call an estimate.
 */
import { noTokens, type Tokens, totalInput } from "./cost.ts";
import type { ModelApi } from "./providers.ts";
import type { CallRequest } from "./read-call.ts";
import { countPieces, findError, findUsage } from "./scan-events.ts";
import { eventData, SseReader } from "./sse.ts";

/** More tokens than any call can have; beyond it a number is nonsense (faults F95). */
const MAX_COUNT = 10_000_000;
/** A body larger than this is passed on but not read. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

type Json = Record<string, unknown>;

export interface Reading {
  tokens: Tokens;
  /** The model that answered, as the provider names it beside its numbers. */
  model: string | undefined;
  /** The provider's final numbers are in `tokens`. */
  isFinal: boolean;
  /** `tokens` has the provider's input side, though not the final output. */
  knowsInput: boolean;
  /** Pieces of the reply that were seen, and their letters: what an estimate of the output stands on. */
  pieces: number;
  letters: number;
  /** Why the provider's numbers were not believed. */
  nonsense: string | undefined;
  /** An error event came in the middle of the stream. */
  failed: boolean;
}

/** What of the request the meaning of the numbers depends on. */
export type CallTraits = Pick<CallRequest, "choices" | "cachesForAnHour">;

const ONE_ANSWER: CallTraits = { choices: 1, cachesForAnHour: false };

export class UsageReader {
  readonly reading: Reading = {
    tokens: noTokens,
    model: undefined,
    isFinal: false,
    knowsInput: false,
    pieces: 0,
    letters: 0,
    nonsense: undefined,
    failed: false,
  };
  readonly #api: ModelApi;
  readonly #sse: SseReader | undefined;
  readonly #call: CallTraits;
  #body: Buffer[] = [];
  #bodyBytes = 0;

  constructor(api: ModelApi, isStream: boolean, call: CallTraits = ONE_ANSWER) {
    this.#api = api;
    this.#call = call;
    this.#sse = isStream ? new SseReader() : undefined;
  }

  push(chunk: Buffer): void {
    if (this.#sse) {
      const events = this.#sse.push(chunk);
      if (events) this.#readEvents(this.#sse, events);
      return;
    }
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes <= MAX_BODY_BYTES) this.#body.push(chunk);
    else this.#body = [];
  }

  /** Call once, when the answer has ended by itself. */
  end(): void {
    if (this.#sse) {
      // A last event without its empty line is still an event to us.
      const { rest } = this.#sse;
      if (rest.length > 0) this.#readEvents(this.#sse, rest);
      const { failed, nonsense, knowsInput } = this.reading;
      // Who reports as it goes along has said its last number now.
      if (this.#api === "openai-completions" && knowsInput && !failed && nonsense === undefined)
        this.reading.isFinal = true;
      return;
    }
    const text = Buffer.concat(this.#body).toString("utf8");
    this.#body = [];
    const body = parseObject(text);
    if (body && isObject(body["usage"])) {
      this.#name(body["model"]);
      this.#take(body["usage"], true);
    }
  }

  /**
   * Looks for the few marks that matter in all the events at once; only what has one is decoded, and
   * once, however many it has: a provider may echo what the bot wrote, and that is full of them.
   */
  #readEvents(sse: SseReader, events: Buffer): void {
    const { reading } = this;
    let usage = findUsage(events, 0);
    let error = findError(events, 0);
    while (usage !== -1 || error !== -1) {
      const event = sse.eventAt(events, usage === -1 || (error !== -1 && error < usage) ? error : usage);
      const end = event.byteOffset - events.byteOffset + event.length;
      const data = parseObject(eventData(event) ?? "");
      if (data && usage !== -1 && usage < end) this.#readUsageEvent(data);
      reading.failed ||= isError(data);
      if (usage !== -1 && usage < end) usage = findUsage(events, end);
      if (error !== -1 && error < end) error = findError(events, end);
    }
    if (reading.isFinal) return;
    const { pieces, letters } = countPieces(events, this.#api);
    reading.pieces += pieces;
    reading.letters += letters;
  }

  #readUsageEvent(data: Json): void {
    const { type } = data;
    if (this.#api === "anthropic-messages") {
      const message = isObject(data["message"]) ? data["message"] : {};
      if (type === "message_start") {
        this.#name(message["model"]);
        this.#take(message["usage"], false);
      }
      const delta = isObject(data["delta"]) ? data["delta"] : {};
      if (type === "message_delta") this.#take(data["usage"], typeof delta["stop_reason"] === "string");
      return;
    }
    if (this.#api === "openai-completions") {
      this.#name(data["model"]);
      this.#take(data["usage"], isLastChunk(data["choices"], this.#call.choices));
      return;
    }
    const final =
      type === "response.completed" || type === "response.incomplete" || type === "response.failed";
    if (!final || !isObject(data["response"])) return;
    this.#name(data["response"]["model"]);
    this.#take(data["response"]["usage"], true);
  }

  #name(model: unknown): void {
    if (typeof model === "string") this.reading.model ??= model.slice(0, 200);
  }

  /** Later numbers replace earlier ones and are never added; a missing one keeps what was known (F97). */
  #take(usage: unknown, isFinal: boolean): void {
    const { reading } = this;
    if (!isObject(usage)) {
      reading.nonsense ??= `usage is ${kindOf(usage)}`;
      return;
    }
    try {
      const tokens =
        this.#api === "anthropic-messages"
          ? anthropicTokens(usage, reading.tokens)
          : openaiTokens(usage, this.#api === "openai-completions" && this.#call.cachesForAnHour);
      reading.tokens = tokens;
      reading.knowsInput = true;
      reading.isFinal ||= isFinal;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      reading.nonsense = error.message;
      reading.isFinal = false;
    }
  }
}

function anthropicTokens(usage: Json, before: Tokens): Tokens {
  const created = optional(usage, "cache_creation_input_tokens") ?? before.cacheWrite + before.cacheWrite1h;
  const split = isObject(usage["cache_creation"]) ? usage["cache_creation"] : {};
  // The split is only in message_start: later events repeat the sum at most.
  const hour = Math.min(created, optional(split, "ephemeral_1h_input_tokens") ?? before.cacheWrite1h);
  const details = isObject(usage["output_tokens_details"]) ? usage["output_tokens_details"] : {};
  return {
    input: optional(usage, "input_tokens") ?? before.input,
    cacheRead: optional(usage, "cache_read_input_tokens") ?? before.cacheRead,
    cacheWrite: created - hour,
    cacheWrite1h: hour,
    output: required(usage, "output_tokens"),
    reasoning: optional(details, "thinking_tokens") ?? before.reasoning,
  };
}

/**
 * Both OpenAI formats: cached and written tokens are parts of the input, reasoning a part of the output.
 * @param forAnHour what was written was asked to lie an hour; OpenRouter does not say so by itself.
 */
function openaiTokens(usage: Json, forAnHour: boolean): Tokens {
  const chat = "prompt_tokens" in usage || "completion_tokens" in usage;
  const [inName, outName] = chat
    ? (["prompt_tokens", "completion_tokens"] as const)
    : (["input_tokens", "output_tokens"] as const);
  const total = required(usage, inName);
  const inDetails = usage[`${inName}_details`];
  const outDetails = usage[`${outName}_details`];
  const cacheRead = isObject(inDetails) ? (optional(inDetails, "cached_tokens") ?? 0) : 0;
  const cacheWrite = isObject(inDetails) ? (optional(inDetails, "cache_write_tokens") ?? 0) : 0;
  if (cacheRead + cacheWrite > total) throw new RangeError(`${inName}: cached parts are more than the whole`);
  return {
    input: total - cacheRead - cacheWrite,
    cacheRead,
    cacheWrite: forAnHour ? 0 : cacheWrite,
    cacheWrite1h: forAnHour ? cacheWrite : 0,
    output: required(usage, outName),
    reasoning: isObject(outDetails) ? (optional(outDetails, "reasoning_tokens") ?? 0) : 0,
  };
}

function optional(usage: Json, name: string): number | undefined {
  return usage[name] === undefined || usage[name] === null ? undefined : required(usage, name);
}

/** @throws {RangeError} unless it is a whole number from 0 to ten million. An explicit 0 is 0 (F96). */
function required(usage: Json, name: string): number {
  const value = usage[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= MAX_COUNT)
    return value;
  throw new RangeError(`${name}: expected a token count, got ${kindOf(value)}`);
}

/**
 * What a call came to that ended without the provider's numbers. Rather too little than too much:
 * every piece of a stream is at least one token, and no language has fewer than one in eight letters.
 * @param minInput what the request has at least, for an answer that did not say.
 */
export function estimateTokens(reading: Reading | undefined, minInput: number, maxOutput: number): Tokens {
  if (!reading) return { ...noTokens, input: minInput };
  const { tokens, knowsInput } = reading;
  const seen = Math.max(reading.pieces, Math.floor(reading.letters / 8), knowsInput ? tokens.output : 0);
  const output = Math.min(seen, maxOutput);
  if (knowsInput && totalInput(tokens) > 0)
    return { ...tokens, output, reasoning: Math.min(tokens.reasoning, output) };
  return { ...noTokens, input: minInput, output };
}

function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // not JSON: the caller has no usage then, and estimates
  }
}

/**
 * Some report with every chunk: only a chunk that brings no more text has the final numbers. Of several
 * answers each ends with a chunk of its own, and that has its own numbers: there the sum comes last.
 */
function isLastChunk(choices: unknown, asked: number): boolean {
  if (!Array.isArray(choices) || choices.length === 0) return true;
  if (asked > 1) return false;
  return choices.every((choice) => isObject(choice) && typeof choice["finish_reason"] === "string");
}

function isError(data: Json | undefined): boolean {
  return data !== undefined && (data["type"] === "error" || isObject(data["error"]));
}

function kindOf(value: unknown): string {
  return typeof value === "number" ? String(value) : value === null ? "null" : typeof value;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
