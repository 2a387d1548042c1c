/** Lines of a CSV file as RFC 4180 has them, safe to open in a spreadsheet. Pure. */

export type Cell = string | number | bigint | null;

/** One line with its end. Null is an empty cell. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

/**
 * A text that a spreadsheet would run as a formula gets an apostrophe before it: names of models come
 * from bots, so from anybody. Numbers are ours and stay numbers.
 */
function csvCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell !== "string") return String(cell);
  const text = /^[=+\-@\t\r\n]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** An exact amount: "0.000412000000" for 412,000,000 pico-dollars. Nothing is rounded. */
export function exactDollars(amountPicos: bigint): string {
  const digits = amountPicos.toString().padStart(13, "0");
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`;
}
