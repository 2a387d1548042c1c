/** Characters and coloured pieces of text. Apart from markdown-blocks.ts, so that the highlighter's chunk carries no parser. */

const entities: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#39": "'",
  "#x27": "'",
  nbsp: "\u00a0",
};

/** marked leaves entities in text as they are; a screen wants the characters. */
export function plain(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39|#x27|nbsp);/g, (whole, name: string) => entities[name] ?? whole);
}

export interface Segment {
  readonly text: string;
  /** highlight.js's class without its prefix, the innermost. */
  readonly kind: string | null;
}

/** highlight.js answers with spans; a screen wants pieces of text and their kind. */
export function segmentsOf(html: string): Segment[] {
  const segments: Segment[] = [];
  const open: string[] = [];
  for (const part of html.split(/(<span class="[^"]*">|<\/span>)/)) {
    const kind = /^<span class="hljs-([a-z_-]+)/.exec(part)?.[1];
    if (part.startsWith("<span")) open.push(kind ?? "");
    else if (part === "</span>") open.pop();
    else if (part !== "") segments.push({ text: plain(part), kind: open.at(-1) || null });
  }
  return segments;
}
