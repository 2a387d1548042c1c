/**
 * Looks through the bytes of events for the few marks that matter, without decoding them: at full
 * speed a look at two hundred events costs less than taking one of them apart.
 */
import type { ModelApi } from "./providers.ts";

/**
 * In the bytes of an event, what stands before text of the reply. None of these can stand inside a
 * JSON string, where quotes are escaped.
 */
const PIECES: Record<ModelApi, readonly Buffer[]> = {
  "anthropic-messages": marks("text", "partial_json", "thinking"),
  "openai-completions": marks("content", "arguments", "reasoning", "reasoning_content"),
  "openai-responses": marks("delta"),
};
/** Without what is frequent: a search that begins with a quote or an e stops at every string. */
const USAGE = { quoted: Buffer.from('"usage"'), rare: Buffer.from('usage"') } as const;
const ERROR = { quoted: Buffer.from('"error"'), rare: Buffer.from('rror"') } as const;
const LF = 10;
const SPACE = 32;
const QUOTE = 34;
const LOWER_U = 117;
const COLON = 58;
const BACKSLASH = 92;
const LOWER_N = 110;

function marks(...names: string[]): Buffer[] {
  return names.map((name) => Buffer.from(`"${name}":`));
}

/**
 * Pieces of the reply and the letters in them. At most one piece a line, however often a provider
 * repeats it under other names.
 */
export function countPieces(events: Buffer, api: ModelApi): { pieces: number; letters: number } {
  const wanted = PIECES[api];
  const next = wanted.map((mark) => events.indexOf(mark));
  let pieces = 0;
  let letters = 0;
  for (let nearest = indexOfNearest(next); nearest !== -1; nearest = indexOfNearest(next)) {
    let end = (next[nearest] ?? 0) + (wanted[nearest]?.length ?? 0);
    while (events[end] === SPACE) end += 1;
    if (events[end] === QUOTE) {
      const length = stringLength(events, end + 1);
      end += 1 + length;
      if (length > 0) {
        pieces += 1;
        letters += countLetters(events, end - length, end);
        end = lineEnd(events, end);
      }
    }
    for (const [index, at] of next.entries()) {
      const mark = wanted[index];
      if (mark && at !== -1 && at < end) next[index] = events.indexOf(mark, end);
    }
  }
  return { pieces, letters };
}

function indexOfNearest(positions: readonly number[]): number {
  let nearest = -1;
  for (const [index, at] of positions.entries())
    if (at !== -1 && at < (positions[nearest] ?? Infinity)) nearest = index;
  return nearest;
}

/** Where a `"usage"` that is not null stands next; -1 when there is none. OpenAI sends null with every chunk but the last. */
export function findUsage(events: Buffer, from: number): number {
  return findSet(events, from, USAGE);
}

/** Where an `"error"` that is not null stands next, as a name or as a value; -1 when there is none. */
export function findError(events: Buffer, from: number): number {
  return findSet(events, from, ERROR);
}

function findSet(events: Buffer, from: number, { quoted, rare }: typeof USAGE): number {
  const before = quoted.length - rare.length;
  for (let at = events.indexOf(rare, from + before); at !== -1; at = events.indexOf(rare, at + 1)) {
    const start = at - before;
    if (events.compare(quoted, 0, before, start, at) === 0 && !isNull(events, at + rare.length)) return start;
  }
  return -1;
}

/** Whether `: null` follows. */
function isNull(bytes: Buffer, from: number): boolean {
  let at = from;
  while (bytes[at] === COLON || bytes[at] === SPACE) at += 1;
  return bytes[at] === LOWER_N;
}

/** Bytes up to the closing quote. */
function stringLength(bytes: Buffer, from: number): number {
  let at = from;
  for (let byte = bytes[at]; byte !== undefined && byte !== QUOTE; byte = bytes[at])
    at += byte === BACKSLASH ? 2 : 1;
  return Math.min(at, bytes.length) - from;
}

/**
 * Letters of a JSON string's inside, for a bound of its tokens from below: one that is written as
 * several bytes or as an escape is one, and of a run of the same only the first counts, because a
 * hundred spaces may be a single token.
 */
function countLetters(bytes: Buffer, from: number, to: number): number {
  let letters = 0;
  let before = -1;
  for (let at = from; at < to;) {
    const length = letterLength(bytes, at);
    // Its last two bytes tell a letter from the one before it well enough.
    const letter = ((length > 1 ? (bytes[at + length - 2] ?? 0) : 0) << 8) | (bytes[at + length - 1] ?? 0);
    if (letter !== before) letters += 1;
    before = letter;
    at += length;
  }
  return letters;
}

/** Bytes of one letter: an escape's, or those of its UTF-8. */
function letterLength(bytes: Buffer, at: number): number {
  const byte = bytes[at] ?? 0;
  if (byte === BACKSLASH) return bytes[at + 1] === LOWER_U ? 6 : 2;
  if (byte < 0xc0) return 1;
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

function lineEnd(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(LF, from);
  return at === -1 ? bytes.length : at;
}
