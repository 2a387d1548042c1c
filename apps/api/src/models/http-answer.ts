/**
 * Reads HTTP/1.1 answers off a connection: the head, then the body out of its framing. Written for
 * one thing, answers of model providers: a read that brings two hundred small chunks costs one copy
 * into one piece, where a general parser calls back two hundred times (reference: performance,
 * section 3). Strict on purpose: whatever two readers could understand differently is refused, and
 * nothing of the framing is passed on, so that none of it can confuse whoever reads after us.
 */

/** What the connection brought is not an answer that may be believed. */
export class BrokenAnswer extends Error {
  override name = "BrokenAnswer";
}

export interface AnswerHead {
  status: number;
  /** Lower-case names; several of one name are joined by a comma. */
  headers: Readonly<Record<string, string>>;
}

export function isEventStream(headers: AnswerHead["headers"]): boolean {
  return headers["content-type"]?.includes("text/event-stream") ?? false;
}

export interface AnswerEvents {
  head(head: AnswerHead): void;
  /** Bytes of the body, the framing taken off; a copy, to be kept. Never empty. */
  body(bytes: Buffer): void;
  /** @param isReusable whether the connection may carry another call. */
  end(isReusable: boolean): void;
}

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_HEADERS = 200;
/** Answers like 103 that may come before the answer. */
const MAX_INTERIM = 5;
/** A chunk's size in hex; what follows a semicolon has no meaning to anybody and is skipped. */
const MAX_SIZE_DIGITS = 8;
const MAX_EXTENSION_BYTES = 256;
const MAX_TRAILER_BYTES = 8 * 1024;
const CR = 13;
const LF = 10;
const SEMICOLON = 59;
const END_OF_HEAD = "\r\n\r\n";
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Where in the answer the next byte stands. `sized` and `open` are bodies without chunks. */
type State =
  | "head"
  | "sized"
  | "open"
  | "size"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailer"
  | "done";

export class HttpAnswerReader {
  readonly #events: AnswerEvents;
  #state: State = "head";
  /** Of the head, or of a trailer's line, as long as it is not whole. */
  #text = "";
  #interim = 0;
  #isReusable = false;
  /** Bytes of the body or of the chunk that are still to come. */
  #left = 0;
  #digits = 0;
  #skipped = 0;

  constructor(events: AnswerEvents) {
    this.#events = events;
  }

  /** From now on the next answer is expected. */
  begin(): void {
    this.#state = "head";
    this.#text = "";
    this.#interim = 0;
  }

  /**
   * @param bytes may be used for something else afterwards.
   * @throws {BrokenAnswer} when the answer cannot be believed any more: close the connection.
   */
  push(bytes: Buffer): void {
    let from = 0;
    while (this.#state === "head") {
      const end = this.#readHead(bytes, from);
      if (end === -1) return;
      from = end;
    }
    if (this.#state === "done") {
      if (from < bytes.length) throw new BrokenAnswer("bytes after the end of the answer");
      return;
    }
    if (this.#state === "sized" || this.#state === "open") this.#readPlain(bytes, from);
    else this.#readChunks(bytes, from);
  }

  /** The connection has closed. @returns whether the answer is whole. */
  close(): boolean {
    if (this.#state === "open") this.#finish(false);
    return this.#state === "done";
  }

  /** @returns where the head ends, or -1 when it is not whole yet. */
  #readHead(bytes: Buffer, from: number): number {
    const before = this.#text.length;
    const whole = before === 0 ? bytes.indexOf(END_OF_HEAD, from, "latin1") : -1;
    const until = whole === -1 ? Math.min(bytes.length, from + MAX_HEAD_BYTES) : whole + END_OF_HEAD.length;
    const text = this.#text + bytes.toString("latin1", from, until);
    const end = text.indexOf(END_OF_HEAD, Math.max(0, before - END_OF_HEAD.length));
    if ((end === -1 ? text.length : end) >= MAX_HEAD_BYTES) throw new BrokenAnswer("the head is too large");
    if (end === -1) {
      this.#text = text;
      return -1;
    }
    this.#text = "";
    this.#takeHead(text.slice(0, end));
    return from + end + END_OF_HEAD.length - before;
  }

  #takeHead(text: string): void {
    const lines = text.split("\r\n");
    const status = STATUS_LINE.exec(lines[0] ?? "");
    if (!status) throw new BrokenAnswer("no status line");
    const code = Number(status[2]);
    const headers = readHeaders(lines);
    if (code < 200) {
      this.#interim += 1;
      if (code === 101 || this.#interim > MAX_INTERIM) throw new BrokenAnswer(`unexpected status ${code}`);
      return;
    }
    const length = headers["content-length"];
    const coding = headers["transfer-encoding"];
    if (
      coding !== undefined &&
      (length !== undefined || coding.toLowerCase() !== "chunked" || status[1] === "0")
    )
      throw new BrokenAnswer("unclear transfer encoding");
    if (length !== undefined && !/^\d{1,12}$/.test(length)) throw new BrokenAnswer("unclear content length");
    const hasBody = code !== 204 && code !== 304;
    this.#isReusable = status[1] === "1" && !/\bclose\b/i.test(headers["connection"] ?? "");
    this.#left = Number(length ?? 0);
    this.#digits = 0;
    this.#state = coding !== undefined ? "size" : length !== undefined ? "sized" : "open";
    this.#events.head({ status: code, headers });
    if (!hasBody || (this.#state === "sized" && this.#left === 0)) this.#finish(this.#isReusable);
  }

  #readPlain(bytes: Buffer, from: number): void {
    const isSized = this.#state === "sized";
    const to = isSized ? Math.min(bytes.length, from + this.#left) : bytes.length;
    if (to > from) {
      this.#left -= to - from;
      this.#events.body(Buffer.from(bytes.subarray(from, to)));
    }
    if (isSized && this.#left === 0) this.#finish(this.#isReusable && to === bytes.length);
  }

  /** Copies what the chunks in these bytes hold into one piece. */
  #readChunks(bytes: Buffer, start: number): void {
    const out = Buffer.allocUnsafe(bytes.length - start);
    let size = 0;
    let at = start;
    while (at < bytes.length && this.#state !== "done") {
      if (this.#state === "data") {
        const to = Math.min(bytes.length, at + this.#left);
        size += bytes.copy(out, size, at, to);
        this.#left -= to - at;
        at = to;
        if (this.#left === 0) this.#state = "data-cr";
      } else {
        this.#readFraming(bytes[at] ?? 0);
        at += 1;
      }
    }
    if (size > 0) this.#events.body(size === out.length ? out : out.subarray(0, size));
    if (this.#state === "done") this.#events.end(this.#isReusable && at === bytes.length);
  }

  /** One byte between the chunks' data. */
  #readFraming(byte: number): void {
    switch (this.#state) {
      case "size":
        if (byte === CR || byte === SEMICOLON) {
          if (this.#digits === 0) throw new BrokenAnswer("a chunk without a size");
          this.#skipped = 0;
          this.#state = byte === CR ? "size-lf" : "extension";
          return;
        }
        this.#left = this.#left * 16 + hexDigit(byte);
        this.#digits += 1;
        if (this.#digits > MAX_SIZE_DIGITS) throw new BrokenAnswer("a chunk that is too large");
        return;
      case "extension":
        this.#skipped += 1;
        if (byte === LF || this.#skipped > MAX_EXTENSION_BYTES)
          throw new BrokenAnswer("a chunk's odd extension");
        if (byte === CR) this.#state = "size-lf";
        return;
      case "size-lf":
        expect(byte, LF);
        this.#state = this.#left === 0 ? "trailer" : "data";
        return;
      case "data-cr":
        expect(byte, CR);
        this.#state = "data-lf";
        return;
      case "data-lf":
        expect(byte, LF);
        this.#digits = 0;
        this.#state = "size";
        return;
      case "trailer":
        this.#readTrailer(byte);
        return;
      case "head":
      case "sized":
      case "open":
      case "data":
      case "done":
        throw new BrokenAnswer(`no framing belongs here: ${this.#state}`);
    }
  }

  /** Lines after the last chunk; nobody needs them. An empty one is the end. */
  #readTrailer(byte: number): void {
    this.#text += String.fromCharCode(byte);
    this.#skipped += 1;
    if (this.#skipped > MAX_TRAILER_BYTES) throw new BrokenAnswer("the trailer is too large");
    if (byte !== LF) return;
    const line = this.#text;
    this.#text = "";
    if (line === "\r\n") this.#state = "done";
    else readHeaders(["", line.slice(0, -2)]);
    if (!line.endsWith("\r\n")) throw new BrokenAnswer("a trailer's odd end of line");
  }

  #finish(isReusable: boolean): void {
    this.#state = "done";
    this.#events.end(isReusable);
  }
}

/** @throws {BrokenAnswer} on anything but `name: value`, and on a second length that differs. */
function readHeaders([, ...lines]: readonly string[]): Record<string, string> {
  if (lines.length > MAX_HEADERS) throw new BrokenAnswer("too many headers");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (colon < 1 || !HEADER_NAME.test(name) || !HEADER_VALUE.test(value))
      throw new BrokenAnswer("a header that is none");
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (before === undefined) headers[name] = value;
    else if (name !== "content-length") headers[name] = `${before}, ${value}`;
    else if (before !== value) throw new BrokenAnswer("two content lengths");
  }
  return headers;
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  if (lower >= 97 && lower <= 102) return lower - 87;
  throw new BrokenAnswer("a chunk's size that is no number");
}

function expect(byte: number, wanted: number): void {
  if (byte !== wanted) throw new BrokenAnswer("a chunk that does not end where it should");
}
