/**
 * Text of the bot as blocks to draw. Pure. Only the last block of a running reply changes, so each
 * block is drawn once: the renderer compares `raw`. Raw HTML stays text; links leave by few doors.
 */
import { marked, type Token, type Tokens } from "marked";
import remend from "remend";

export interface Block {
  readonly key: string;
  readonly token: Token;
  /** A fence whose end has not arrived is not coloured yet. */
  readonly closed: boolean;
}

/** `streaming` closes half-open syntax, so that `**bo` does not show its stars until the end. */
export function blocksOf(text: string, streaming: boolean): Block[] {
  const tokens = marked.lexer(streaming ? remend(text) : text, { gfm: true });
  const drawn = tokens.filter((token) => token.type !== "space" && token.type !== "def");
  return drawn.map((token, i) => ({
    key: `${i} ${token.type}`,
    token,
    closed: !streaming || i < drawn.length - 1,
  }));
}

const doors = new Set(["http:", "https:", "mailto:"]);

/** The address if it may be opened, else null: the words stay, the link goes. */
export function safeHref(href: string): string | null {
  try {
    const url = new URL(href.trim());
    return doors.has(url.protocol) ? url.href : null;
  } catch {
    // Relative or broken: there is no page of ours that a bot may point to.
    return null;
  }
}

export type { Token, Tokens };
