/**
 * Passes an answer on as it comes, byte for byte, and shows every chunk to the reader. A client that
 * leaves does not end the call: the provider goes on producing and billing, so the rest is read to
 * its end within bounds (reference: faults F93).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { SseReader } from "./sse.ts";
import type { UsageReader } from "./read-usage.ts";

/** How the answer ended. `complete`: the provider said everything it had to say. */
export type RelayEnd = "complete" | "cut" | "abandoned";

const DRAIN_MS = 60_000;
/** Answers read to the end for nobody, over all bots. */
const MAX_DRAINS = 200;
/** A client that takes nothing for so long is gone. */
const STALLED_MS = 120_000;

/** How many answers are read to the end for nobody right now. One per proxy. */
export interface Drains {
  count: number;
}

export interface RelayOptions {
  reader: UsageReader;
  /** Takes the chunk with the usage out, for clients that did not ask for it. */
  dropUsageChunk: boolean;
  drains: Drains;
  onFirstByte(): void;
}

export function relay(from: IncomingMessage, to: ServerResponse, options: RelayOptions): Promise<RelayEnd> {
  const { reader, drains } = options;
  const filter = options.dropUsageChunk ? new UsageChunkFilter() : undefined;
  return new Promise((resolve) => {
    let first = true;
    let corked = false;
    let gone = false;
    let drainTimer: NodeJS.Timeout | undefined;
    let stallTimer: NodeJS.Timeout | undefined;

    const finish = (end: RelayEnd) => {
      clearTimeout(drainTimer);
      clearTimeout(stallTimer);
      if (drainTimer) drains.count -= 1;
      to.off("close", leave).off("drain", go);
      from.removeAllListeners("data").removeAllListeners("end").removeAllListeners("close");
      from.on("error", () => undefined); // an error after the end was told has nobody to tell
      resolve(end);
    };
    /** The client is gone: read on for the numbers, if there is room for it. */
    function leave(): void {
      if (gone) return;
      gone = true;
      clearTimeout(stallTimer);
      if (drains.count >= MAX_DRAINS) {
        from.destroy();
        return;
      }
      drains.count += 1;
      drainTimer = setTimeout(() => from.destroy(), DRAIN_MS);
      from.resume();
    }
    function go(): void {
      clearTimeout(stallTimer);
      from.resume();
    }
    function uncork(): void {
      corked = false;
      to.uncork();
    }
    function pass(chunk: Buffer): void {
      // What one read brought in several chunks leaves in one write.
      if (!corked) {
        corked = true;
        to.cork();
        process.nextTick(uncork);
      }
      if (to.write(chunk)) return;
      from.pause();
      stallTimer = setTimeout(() => to.destroy(), STALLED_MS);
    }

    to.on("close", leave).on("drain", go);
    if (to.destroyed) leave();
    from.on("data", (chunk: Buffer) => {
      if (first) {
        first = false;
        options.onFirstByte();
      }
      reader.push(chunk);
      if (gone) return;
      const bytes = filter ? filter.push(chunk) : chunk;
      if (bytes.length > 0) pass(bytes);
    });
    from.on("end", () => {
      if (filter && !gone) to.write(filter.rest());
      finish("complete");
    });
    from.on("error", () => undefined); // `close` follows and says what it means
    from.on("close", () => finish(gone ? "abandoned" : "cut"));
  });
}

/** Lets every event pass but the one that holds nothing but the usage. */
class UsageChunkFilter {
  readonly #sse = new SseReader();

  push(chunk: Buffer): Buffer {
    const events = this.#sse.push(chunk).filter((event) => !isUsageOnly(event));
    return events.length === 1 && events[0] ? events[0] : Buffer.concat(events);
  }

  rest(): Buffer {
    return this.#sse.rest;
  }
}

function isUsageOnly(event: Buffer): boolean {
  if (!event.includes('"usage"')) return false;
  return /"choices"\s*:\s*\[\s*\]/.test(event.toString("latin1"));
}
