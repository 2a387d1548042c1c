/**
 * `npm run bench -- ingest`: what the ledger takes in. One durable Postgres, a thousand users, four
 * connections, one call in ten repeated; a plain insert into the same table beside it in the same
 * run. The sums of all tables are compared afterwards. Then GET /usage over a socket for a user with
 * a hundred calls and one with a million. Client and database share the machine.
 */
import { checkSums, insertPlainly, reserveAndSettle } from "./ingest/calls.ts";
import { openIngestDatabase } from "./ingest/database.ts";
import { measureUsage } from "./ingest/read-usage.ts";

const CALLS = 60_000;

export async function benchIngest(say: (line: string) => void): Promise<void> {
  const database = await openIngestDatabase();
  const whole = (value: number) => Math.round(value).toLocaleString("en").padStart(8);
  try {
    const plain = await insertPlainly(database, CALLS);
    const { reserve, settle, both, oneReserveMs, oneSettleMs, distinct } = await reserveAndSettle(
      database,
      CALLS,
    );
    const { rows } = await checkSums(database, distinct);
    const of = (perSecond: number) => (perSecond / plain.perSecond).toFixed(2);
    say(`plain insert of whole rows   ${whole(plain.perSecond)} rows/s (aim 30,000)`);
    for (const [name, rate, aim] of [
      ["reserve", reserve, ""],
      ["settle", settle, ""],
      ["reserve and settle", both, " (aim 10,000)"],
    ] as const)
      say(`${name.padEnd(28)} ${whole(rate)} calls/s${aim}, ${of(rate)} x plain`);
    say(
      `one call alone               reserved in ${oneReserveMs.toFixed(2)} ms (aim 1), settled in ${oneSettleMs.toFixed(2)} ms`,
    );
    say(`no call twice, none missing: ${rows.toLocaleString("en")} rows = budgets = days, messages alike`);
    const [few, million] = await measureUsage(database);
    for (const figures of [few, million])
      if (figures)
        say(
          `GET /usage, ${whole(figures.calls)} calls   p50 ${figures.p50Ms.toFixed(1)} ms, p95 ${figures.p95Ms.toFixed(1)} ms${figures === million ? " (aim p95 20)" : ""}`,
        );
    if (few && million) say(`a million calls cost ${(million.p50Ms / few.p50Ms).toFixed(2)} x a hundred`);
  } finally {
    await database.stop();
  }
}
