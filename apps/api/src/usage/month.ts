/** The calendar month (UTC) a moment lies in, `YYYY-MM`: how the ledger counts. */
export function monthOf(moment: Date): string {
  return moment.toISOString().slice(0, 7);
}
