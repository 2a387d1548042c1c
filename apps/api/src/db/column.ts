/** One Postgres array for one column of many rows: what `unnest` turns into rows again. */

/**
 * The text of an array. Null and undefined are NULL. Written by hand because it is on the path of
 * every model call: pg's own way costs twice as much, a jsonb parameter three times.
 */
export function column<T>(rows: readonly T[], valueOf: (row: T) => ColumnValue): string {
  let text = "{";
  for (let at = 0; at < rows.length; at += 1) {
    if (at > 0) text += ",";
    text += element(valueOf(rows[at] as T)); // within the length
  }
  return `${text}}`;
}

export type ColumnValue = string | number | bigint | null | undefined;

/** Words that need no quotes: never empty, and never the word NULL. */
const PLAIN = /^[\w.:/-]+$/;

function element(value: ColumnValue): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value !== "string") return String(value);
  if (PLAIN.test(value) && value.toUpperCase() !== "NULL") return value;
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
