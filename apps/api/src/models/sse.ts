/**
 * Finds whole events in a server-sent stream, by bytes and across chunk borders, without taking them
 * apart: one look for the last empty line of a chunk is all it costs. The bytes are never changed.
 */

/** An event larger than this is not looked at any more (the last event of the Responses API holds the whole answer). */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;
const LF = 10;
const CR = 13;
const EMPTY_LINE = { lf: Buffer.from("\n\n"), crlf: Buffer.from("\r\n\r\n") } as const;

export class SseReader {
  #rest: Buffer[] = [];
  #restBytes = 0;
  #isLost = false;
  #separator: Buffer | undefined;

  /** The start of an event that has not ended yet. */
  get rest(): Buffer {
    return Buffer.concat(this.#rest);
  }

  /** The events that end in this chunk, whole and in one piece; undefined when none does. */
  push(chunk: Buffer): Buffer | undefined {
    if (this.#isLost) return undefined;
    // Without a line's end there is no event's end, and nothing to put together yet.
    if (this.#restBytes > 0 && !chunk.includes(LF)) {
      this.#keep(chunk);
      return undefined;
    }
    const bytes = this.#restBytes > 0 ? Buffer.concat([...this.#rest, chunk]) : chunk;
    const separator = (this.#separator ??= separatorOf(bytes));
    const at = separator ? bytes.lastIndexOf(separator) : -1;
    const end = separator && at !== -1 ? at + separator.length : 0;
    this.#rest = [];
    this.#restBytes = 0;
    if (end < bytes.length) this.#keep(bytes.subarray(end));
    return end === 0 ? undefined : bytes.subarray(0, end);
  }

  /** The one event, of those that `push` gave back, in which the byte stands. */
  eventAt(events: Buffer, at: number): Buffer {
    const separator = this.#separator ?? EMPTY_LINE.lf;
    const before = events.lastIndexOf(separator, at);
    const after = events.indexOf(separator, at);
    const start = before === -1 ? 0 : before + separator.length;
    return events.subarray(start, after === -1 ? events.length : after + separator.length);
  }

  #keep(bytes: Buffer): void {
    this.#rest.push(bytes);
    this.#restBytes += bytes.length;
    if (this.#restBytes <= MAX_EVENT_BYTES) return;
    this.#rest = [];
    this.#restBytes = 0;
    this.#isLost = true;
  }
}

/** What ends an event; the first line tells which of the two it is. */
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
