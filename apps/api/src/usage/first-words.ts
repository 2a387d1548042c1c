/** The first words of a text on one line, at most `max` UTF-16 units, cut between characters and not within. */
export function firstWords(text: string, max: number): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  if (line.length <= max) return line;
  const cut = line.slice(0, max - 1);
  const whole = /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
  const lastSpace = whole.lastIndexOf(" ");
  // A very long word is cut within: half a line of nothing would say less.
  return `${lastSpace > max / 2 ? whole.slice(0, lastSpace) : whole}…`;
}
