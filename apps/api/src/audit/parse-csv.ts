/** CSV as RFC 4180 has it: quotes, doubled quotes, line breaks inside quotes, any line ending. */

/**
 * Rows as objects by the names of the first line, trimmed.
 * @throws {RangeError} for a quote that is never closed.
 */
export function parseCsv(text: string): Record<string, string>[] {
  const [head, ...rows] = cells(text.replace(/^\uFEFF/, ""));
  const names = (head ?? []).map((name) => name.trim());
  return rows
    .filter((row) => row.some((cell) => cell.trim() !== ""))
    .map((row) => Object.fromEntries(names.map((name, at) => [name, (row[at] ?? "").trim()])));
}

function cells(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const token = /("(?:[^"]|"")*"|[^,\r\n"]*)(,|\r\n|\n|\r|$)/gy;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (!match) throw new RangeError(`a quote near character ${at} is not closed`);
    const [, cell = "", end] = match;
    row.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push([...row, ""]);
  return rows;
}
