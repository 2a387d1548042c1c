/**
 * Takes the chunk that holds nothing but the usage out of a Chat Completions stream. The proxy asks
 * for it in every stream; a client that did not ask must not see it.
 */
import { SseReader } from "./sse.ts";

const USAGE = Buffer.from('"usage"');

export class UsageChunkFilter {
  readonly #sse = new SseReader();

  /** The events that end in this chunk, without the one. */
  push(chunk: Buffer): Buffer {
    const events = this.#sse.push(chunk).filter((event) => !isUsageOnly(event));
    return events.length === 1 && events[0] ? events[0] : Buffer.concat(events);
  }

  /** What came after the last whole event. */
  rest(): Buffer {
    return this.#sse.rest;
  }
}

function isUsageOnly(event: Buffer): boolean {
  return event.includes(USAGE) && /"choices"\s*:\s*\[\s*\]/.test(event.toString("latin1"));
}
