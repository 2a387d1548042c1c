/**
 * One look at the bytes of a request before anybody parses them. A parser takes seconds for what a
 * hostile bot can put into 32 MB, and all bots wait meanwhile; and of a field that stands there twice,
 * two readers may take different ones. Strings are skipped without looking into them, so that text and
 * pictures cost next to nothing.
 */
import { badRequest } from "./refusals.ts";

/** A conversation of a million tokens has some ten thousand messages and calls with a few dozen marks each. */
const MAX_MARKS = 200_000;
const MAX_DEPTH = 100;
/** How far a string is looked through by hand before its end is searched for. */
const SHORT = 256;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/**
 * @returns how many marks (strings and signs between values) there are: what parsing costs.
 * @throws {CallRefused} 400 for what is too deep, too much, or named twice at the top.
 */
export function checkJson(bytes: Buffer): number {
  const names = new Set<string>();
  let marks = 0;
  let depth = 0;
  let isName = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at + 1);
      if (depth === 1 && isName) addName(names, bytes.subarray(at, end + 1));
      at = end;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      depth += 1;
      if (depth > MAX_DEPTH) throw badRequest("The request body is nested too deeply.");
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth -= 1;
    else if (byte !== COMMA && byte !== COLON) continue;
    if (depth === 1 && byte !== QUOTE) isName = byte === OPEN_OBJECT || byte === COMMA;
    marks += 1;
    if (marks > MAX_MARKS) throw badRequest("The request body has too many parts.");
  }
  return marks;
}

/** Where the closing quote stands; the length when there is none, which the parser will tell. */
function stringEnd(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length;) {
    const near = Math.min(at + SHORT, bytes.length);
    while (at < near) {
      const byte = bytes[at];
      if (byte === QUOTE) return at;
      at += byte === BACKSLASH ? 2 : 1;
    }
    const found = bytes.indexOf(QUOTE, at);
    if (found === -1) return bytes.length;
    if (!isEscaped(bytes, { at: found, from: at })) return found;
    at = found + 1;
  }
  return bytes.length;
}

/** An odd number of backslashes in front of it; `from` is where a whole character begins. */
function isEscaped(bytes: Buffer, { at, from }: { at: number; from: number }): boolean {
  let before = at;
  while (before > from && bytes[before - 1] === BACKSLASH) before -= 1;
  return (at - before) % 2 === 1;
}

function addName(names: Set<string>, quoted: Buffer): void {
  let name: unknown;
  try {
    name = JSON.parse(quoted.toString("utf8"));
  } catch {
    return; // not JSON: the parser says so
  }
  if (typeof name !== "string") return;
  if (names.has(name)) throw badRequest(`${JSON.stringify(name.slice(0, 100))} stands there twice.`);
  names.add(name);
}
