/**
 * The breaker's first rule: the same question to the model again and again. It sees the request
 * bodies as they pass and never parses them: one backward search and a checksum over a few kilobytes.
 * What it remembers lives in this process alone; what it trips is written down (hold-bot.ts).
 */
import { crc32 } from "node:zlib";
import type { Clock } from "../clock.ts";
import type { ModelApi } from "./providers.ts";

/**
 * So many equal calls within the window pass. OpenClaw's own loop detection ends a run after 20 to 22
 * equal tool calls and tells the person in the chat, so it must come first; without it 403 calls were
 * seen in 100 s (reference: openclaw, section 8). Clients try a failed call again at most a dozen times.
 */
export const MAX_SAME_CALLS = 30;
/** Whoever asks the same every half minute waits for something, and does not run wild. */
export const SAME_WINDOW_MS = 10 * 60_000;

/** Sub-agents of one bot take turns; a loop in one of them is still seen. */
const PRINTS_PER_BOT = 4;
/** Those that asked last. About 10 MB when full. */
const MAX_BOTS = 10_000;

/** How each wire format writes the model's wish for a tool, and what came of it. */
const TOOL: Record<ModelApi, { asked: string; result: string }> = {
  "anthropic-messages": { asked: '"tool_use"', result: '"tool_result"' },
  "openai-completions": { asked: '"tool_calls"', result: '"role":"tool"' },
  "openai-responses": { asked: '"function_call"', result: '"function_call_output"' },
};
const ASSISTANT = Buffer.from('"role":"assistant"');
const FUNCTION_CALL = Buffer.from(TOOL["openai-responses"].asked);
/** How far from the model's last words the tool call is looked for, and how much of it is compared. */
const REACH_BYTES = 16_384;
const COMPARED_CHARS = 8_192;
/** Names of single calls: the only thing that differs between two equal ones. */
const CALL_IDS = /"(?:id|tool_use_id|call_id|tool_call_id)":"[^"]*"/g;

/**
 * Equal for two requests that ask the same: a model that calls the same tool with the same arguments
 * and gets the same result, however the conversation has grown; otherwise only the same request.
 */
export function fingerprint(api: ModelApi, body: Buffer): string {
  const tool = TOOL[api];
  const spoke = lastIndexOf(body, ASSISTANT);
  const called = api === "openai-responses" ? lastIndexOf(body, FUNCTION_CALL) : spoke;
  const start = Math.max(spoke, called, 0);
  const tail = body.toString("latin1", start, start + REACH_BYTES);
  const at = tail.lastIndexOf(tool.asked);
  const compared = tail.slice(Math.max(at, 0), Math.max(at, 0) + COMPARED_CHARS);
  const exchange = compared.replace(CALL_IDS, "");
  if (at === -1 || !exchange.includes(tool.result)) return `${body.length}:${crc32(body)}`;
  // What is not compared still has a length: a log that grows is another answer each time.
  const length = body.length - start - at - (compared.length - exchange.length);
  return `tool:${length}:${crc32(exchange)}`;
}

/**
 * Behind the conversation stand some tens of kilobytes of system prompt and tools. Asking window by
 * window whether it is there at all takes a third of the time of one search backwards.
 */
function lastIndexOf(body: Buffer, needle: Buffer): number {
  for (let end = body.length; end > 0; end -= REACH_BYTES) {
    const start = Math.max(0, end - REACH_BYTES);
    const window = body.subarray(start, end + needle.length - 1);
    if (window.includes(needle)) return start + window.lastIndexOf(needle);
  }
  return -1;
}

interface Seen {
  calls: number;
  since: number;
}

export interface LoopGuardOptions {
  /** Equal calls that pass; undefined for no limit. */
  max: number | undefined;
  /** Stops the bot and throws what it is to be told. */
  trip(botId: string): Promise<never>;
}

export class LoopGuard {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #max: number;
  readonly #trip: LoopGuardOptions["trip"];
  readonly #bots = new Map<string, Map<string, Seen>>();

  constructor(clock: Pick<Clock, "monotonicMs">, { max = Infinity, trip }: LoopGuardOptions) {
    this.#clock = clock;
    this.#max = max;
    this.#trip = trip;
  }

  get remembered(): number {
    return this.#bots.size;
  }

  /**
   * Runs the call unless it is one too many. A call counts when it was answered: a loop asks again
   * when it has its answer, and what was refused never reached a model, so that a stopped bot's
   * knocking gathers no evidence against it.
   */
  async watch(botId: string, print: string, call: () => Promise<void>): Promise<void> {
    const seen = this.#look(botId, print);
    if (seen.calls >= this.#max) {
      this.#bots.delete(botId);
      await this.#trip(botId);
    }
    await call();
    seen.calls += 1;
  }

  #look(botId: string, print: string): Seen {
    const prints = this.#bots.get(botId) ?? new Map<string, Seen>();
    const now = this.#clock.monotonicMs();
    const known = prints.get(print);
    const seen = known && now - known.since < SAME_WINDOW_MS ? known : { calls: 0, since: now };
    keepLast(prints, { key: print, value: seen, max: PRINTS_PER_BOT });
    keepLast(this.#bots, { key: botId, value: prints, max: MAX_BOTS });
    return seen;
  }
}

/** A map remembers the order of its keys: the first is the one not used for longest. */
function keepLast<V>(map: Map<string, V>, { key, value, max }: { key: string; value: V; max: number }): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
