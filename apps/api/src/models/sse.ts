/**
 * Finds the events in a server-sent stream, by bytes and across chunk borders, without decoding what
 * nobody asks for. The chunks themselves are never changed.
 */

/** An event larger than this is not looked at any more (the last event of the Responses API holds the whole answer). */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;
const LF = 10;
const CR = 13;

export interface SseEvent {
  /** From the first byte of its first line to the end of the empty line. */
  bytes: Buffer;
}

export class SseReader {
  #rest: Buffer | undefined;
  #lost = false;

  /** True when an event was too large to keep: what follows is not read. */
  get isLost(): boolean {
    return this.#lost;
  }

  /** The start of an event that has not ended yet. */
  get rest(): Buffer {
    return this.#rest ?? Buffer.alloc(0);
  }

  /** The events that end in this chunk, whole. */
  push(chunk: Buffer): Buffer[] {
    if (this.#lost) return [];
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    // An empty line may have begun in the part that was looked at before.
    let from = this.#rest ? Math.max(0, this.#rest.length - 3) : 0;
    const events: Buffer[] = [];
    let start = 0;
    for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, from)) {
      from = at + 1;
      const end = endOfEmptyLine(bytes, from);
      if (end === -1) continue;
      events.push(bytes.subarray(start, end));
      start = end;
      from = end;
    }
    this.#rest =
      start === bytes.length ? undefined : start === 0 ? bytes : Buffer.from(bytes.subarray(start));
    if (this.#rest && this.#rest.length > MAX_EVENT_BYTES) {
      this.#rest = undefined;
      this.#lost = true;
    }
    return events;
  }
}

/** Where the empty line that begins at `at` ends, or -1 when the line is not empty (or not here yet). */
function endOfEmptyLine(bytes: Buffer, at: number): number {
  if (bytes[at] === LF) return at + 1;
  return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : -1;
}

/** The `data` of an event, its lines joined as the standard says; undefined when it has none. */
export function eventData(event: Buffer): string | undefined {
  const lines: string[] = [];
  for (const line of event.toString("utf8").split(/\r?\n/)) {
    if (line.startsWith("data:")) lines.push(line.slice(line[5] === " " ? 6 : 5));
  }
  return lines.length > 0 ? lines.join("\n") : undefined;
}
