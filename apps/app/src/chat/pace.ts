/** Even text: a model's words come in clumps, people read a stream. */

/** A backlog is gone within this time, however long it is. */
const drainMs = 250;
/** And never slower than this. */
const minCharsPerMs = 40 / 1000;

/**
 * How many characters to show after `dtMs` more milliseconds. Fractions are kept, so that a slow
 * frame rate does not slow the text. Never beyond `total`; a text that became shorter is shown whole.
 */
export function pace(shown: number, total: number, dtMs: number): number {
  if (shown >= total) return total;
  const backlog = total - shown;
  const perMs = Math.max(backlog / drainMs, minCharsPerMs);
  return Math.min(total, shown + perMs * Math.max(0, dtMs));
}

/** Cuts without halving a character that takes two units, such as an emoji. */
export function cut(text: string, length: number): string {
  const end = Math.floor(length);
  const code = text.charCodeAt(end - 1);
  const halved = code >= 0xd800 && code <= 0xdbff;
  return text.slice(0, halved ? end - 1 : end);
}
