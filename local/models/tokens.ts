/**
 * How the demo model counts. One rule for every text, in and out: a token is up to six characters
 * that are not white space, with the white space before them. "Hello there" is two tokens,
 * "unbelievable" two. Not how any real model counts, but the same text always counts the same, and a
 * streamed word piece is exactly one token, so that a test can say what a cut stream is worth.
 */
const TOKEN = /\s*\S{1,6}|\s+$/g;

/** The text in token-sized pieces; joined they are the text again. */
export function tokenize(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

export function countTokens(text: string): number {
  return tokenize(text).length;
}
