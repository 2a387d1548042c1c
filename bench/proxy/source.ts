/**
 * The fixed bytes that the origin sends and that every stream is compared with: 200 deltas and three
 * other events in Anthropic's format, and the same reply in one piece. Nothing in them depends on
 * the call, so that equal hashes mean equal streams.
 */
import { createHash } from "node:crypto";

const DELTAS = 200;
const message = {
  id: "msg_bench",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5",
  stop_reason: null,
  stop_sequence: null,
};
const usage = { input_tokens: 2_000, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };

const event = (data: { type: string; [field: string]: unknown }) =>
  Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);

/** The events of one stream, in order. */
export const EVENTS: readonly Buffer[] = [
  event({
    type: "message_start",
    message: { ...message, content: [], usage: { ...usage, output_tokens: 1 } },
  }),
  ...Array.from({ length: DELTAS }, (_, at) =>
    event({
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text: `word ${at} ` },
    }),
  ),
  event({
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: DELTAS },
  }),
  event({ type: "message_stop" }),
];

/** How many bytes of a stream there are when each event has arrived whole. */
export const EVENT_ENDS: readonly number[] = EVENTS.reduce<number[]>(
  (ends, bytes) => [...ends, (ends.at(-1) ?? 0) + bytes.length],
  [],
);

export const JSON_REPLY = Buffer.from(
  JSON.stringify({
    ...message,
    stop_reason: "end_turn",
    content: [{ type: "text", text: "A short answer, as most of them are." }],
    usage: { ...usage, output_tokens: 9 },
  }),
);

export const STREAM_HASH = hashOf(Buffer.concat(EVENTS));
export const JSON_HASH = hashOf(JSON_REPLY);

export function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** All at once; the first event and 10 ms later the others; or one every 20 ms, as a model speaks. */
export type Rhythm = "burst" | "gap" | "paced";

export interface Prompt {
  stream: boolean;
  rhythm: Rhythm;
  question: number;
}

/** What the bench asks, about 4 KB as a short conversation has. */
export function prompt({ stream, rhythm, question }: Prompt): Buffer {
  const content = `rhythm=${rhythm} ${question} ${"x ".repeat(2_000)}`;
  const messages = [{ role: "user", content }];
  return Buffer.from(JSON.stringify({ model: message.model, max_tokens: 1_000, stream, messages }));
}
