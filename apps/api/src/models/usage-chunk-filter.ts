/**
 * Takes the chunk that holds nothing but the usage out of a Chat Completions stream. The proxy asks
 * for it in every stream; a client that did not ask must not see it.
 */
import { findUsage } from "./scan-events.ts";
import { SseReader } from "./sse.ts";

const NOTHING = Buffer.alloc(0);

export class UsageChunkFilter {
  readonly #sse = new SseReader();

  /** The events that end in this chunk, without the one. */
  push(chunk: Buffer): Buffer {
    const events = this.#sse.push(chunk);
    if (!events) return NOTHING;
    const kept: Buffer[] = [];
    let from = 0;
    for (let at = findUsage(events, 0); at !== -1;) {
      const event = this.#sse.eventAt(events, at);
      const start = event.byteOffset - events.byteOffset;
      const end = start + event.length;
      if (isUsageOnly(event)) {
        kept.push(events.subarray(from, start));
        from = end;
      }
      at = findUsage(events, end);
    }
    return from === 0 ? events : Buffer.concat([...kept, events.subarray(from)]);
  }

  /** What came after the last whole event. */
  rest(): Buffer {
    return this.#sse.rest;
  }
}

function isUsageOnly(event: Buffer): boolean {
  return /"choices"\s*:\s*\[\s*\]/.test(event.toString("latin1"));
}
