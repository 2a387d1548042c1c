/**
 * Finds the events in a server-sent stream, by bytes and across chunk borders, without decoding what
 * nobody asks for. The chunks themselves are never changed.
 */

/** An event larger than this is not looked at any more (the last event of the Responses API holds the whole answer). */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;
const LF = 10;
const CR = 13;
const EMPTY_LINE = { lf: Buffer.from("\n\n"), crlf: Buffer.from("\r\n\r\n") } as const;

export class SseReader {
  #rest: Buffer | undefined;
  #lost = false;
  /** What ends an event; the first line tells which of the two it is. */
  #separator: Buffer | undefined;

  /** The start of an event that has not ended yet. */
  get rest(): Buffer {
    return this.#rest ?? Buffer.alloc(0);
  }

  /** The events that end in this chunk, whole, each with the empty line that ends it. */
  push(chunk: Buffer): Buffer[] {
    if (this.#lost) return [];
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    const separator = (this.#separator ??= separatorOf(bytes));
    const events: Buffer[] = [];
    let start = 0;
    if (separator) {
      // An empty line may have begun in the part that was looked at before.
      let from = this.#rest ? Math.max(0, this.#rest.length - separator.length) : 0;
      for (let at = bytes.indexOf(separator, from); at !== -1; at = bytes.indexOf(separator, from)) {
        from = at + separator.length;
        events.push(bytes.subarray(start, from));
        start = from;
      }
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

function separatorOf(bytes: Buffer): Buffer | undefined {
  const at = bytes.indexOf(LF);
  if (at === -1) return undefined;
  return at > 0 && bytes[at - 1] === CR ? EMPTY_LINE.crlf : EMPTY_LINE.lf;
}

/** The `data` of an event, its lines joined as the standard says; undefined when it has none. */
export function eventData(event: Buffer): string | undefined {
  const lines: string[] = [];
  for (const line of event.toString("utf8").split(/\r?\n/)) {
    if (line.startsWith("data:")) lines.push(line.slice(line[5] === " " ? 6 : 5));
  }
  return lines.length > 0 ? lines.join("\n") : undefined;
}
