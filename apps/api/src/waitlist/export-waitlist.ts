import type { Deps } from "../deps.ts";
import { selectPage } from "./table.ts";

const PAGE = 1_000;
const columns = [
  "email",
  "language",
  "source",
  "campaign",
  "referral_code",
  "referred_by",
  "created_at",
  "confirmed_at",
  "invited_at",
] as const;

/** The whole list as CSV, line by line, so that its length does not matter. Times are ISO 8601 in UTC. */
export async function* exportWaitlist({ db }: Pick<Deps, "db">): AsyncGenerator<string> {
  yield `${columns.join(",")}\r\n`;
  let after: string | null = null;
  for (;;) {
    const page = await selectPage(db, after, PAGE);
    for (const entry of page) yield `${columns.map((column) => cell(entry[column])).join(",")}\r\n`;
    after = page.at(-1)?.id ?? null;
    if (page.length < PAGE || after === null) return;
  }
}

/** Strangers write source and campaign: what a spreadsheet would run as a formula gets a quote in front. */
function cell(value: string | Date | null): string {
  if (value === null) return "";
  const text = value instanceof Date ? value.toISOString() : value;
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
