/** A request in the stand-in's own words, whichever of the three formats it came in. */

export interface Segment {
  text: string;
  /** The client ends a cached prefix after this segment. */
  cache?: "5m" | "1h";
}

export interface ToolCall {
  id: string;
  name: string;
  input: Record<string, unknown>;
}

export interface Turn {
  role: "user" | "assistant";
  /** Text blocks, in order. */
  texts: string[];
  calls: ToolCall[];
  /** What tools answered, as text. */
  results: string[];
}

export interface ToolOffer {
  name: string;
  /** Names of its parameters. */
  parameters: string[];
}

export interface Prompt {
  model: string;
  stream: boolean;
  /** Undefined when the client set none: then the reply is as long as it is. */
  maxTokens: number | undefined;
  /** In the order providers cache them: tools, system, messages. */
  segments: Segment[];
  turns: Turn[];
  tools: ToolOffer[];
  thinking: boolean;
  /** OpenAI chat: the last chunk with usage was asked for. */
  includeUsage: boolean;
}

export interface Usage {
  /** Input tokens that came neither from nor went into the cache. */
  uncached: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  output: number;
  /** Part of `output`. */
  thinking: number;
}

/** What the demo model says: perhaps a thought, a text, and perhaps one tool call. */
export interface Reply {
  thought: string;
  text: string;
  call: ToolCall | undefined;
  stop: "end" | "tool" | "length";
}

/** One write to the client. `output` counts the output tokens sent once it is out. */
export interface Frame {
  bytes: string;
  output: number;
  /** True when a token is in it: these come at the pace of DELAY_MS. */
  paced: boolean;
}

/** A request the provider would answer with 400 (or 404 for a model). */
export class BadRequest extends Error {
  override name = "BadRequest";
  readonly status: number;
  readonly type: string;
  constructor(message: string, status = 400, type = "invalid_request_error") {
    super(message);
    this.status = status;
    this.type = type;
  }
}

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects of a list; anything else in it is a bad request. */
export function objects(value: unknown, name: string): Json[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new BadRequest(`${name}: Input should be a valid list`);
  return value.map((entry, at) => {
    if (!isObject(entry)) throw new BadRequest(`${name}.${at}: Input should be an object`);
    return entry;
  });
}

export function readModel(body: Json): string {
  const model = body["model"];
  if (typeof model !== "string" || model === "") throw new BadRequest("model: Field required");
  if (!/^(molt-demo-1$|claude-|gpt-)/.test(model)) {
    throw new BadRequest(`model: ${model.slice(0, 100)}`, 404, "not_found_error");
  }
  return model;
}

/** @throws {BadRequest} unless absent or a whole number from 1 to a million. */
export function readMaxTokens(body: Json, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = body[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 1_000_000) {
      throw new BadRequest(`${name}: Input should be greater than or equal to 1`);
    }
    return value;
  }
  return undefined;
}

/** Arguments of a tool call as OpenAI sends them: JSON in a string. */
export function readArguments(text: unknown): Json {
  if (typeof text !== "string" || text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {}; // the model's own earlier words; nothing hangs on them
  }
}

export function parameterNames(schema: unknown): string[] {
  const properties = isObject(schema) ? schema["properties"] : undefined;
  return isObject(properties) ? Object.keys(properties) : [];
}
