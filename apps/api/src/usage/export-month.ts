/**
 * One month of the ledger as a file. Read in pages of a few hundred rows, each in a transaction of its
 * own and only when the reader has taken the page before: a month of a million calls costs no more
 * memory than one of a hundred, and a slow reader holds no connection.
 */
import { chargePicos } from "@molt/contract";
import { withUser } from "../db/open.ts";
import type { Deps } from "../deps.ts";
import type { TextFile } from "../http/serve.ts";
import { csvLine, exactDollars } from "./csv.ts";
import { monthOf } from "./month.ts";
import { type ExportedCall, type ExportScope, selectCallsAfter, selectExportScope } from "./table.ts";

const PAGE = 500;

export const exportColumns = [
  "time_utc",
  "call_id",
  "state",
  "cause",
  "message_id",
  "model",
  "provider",
  "tokens_in",
  "cache_read_tokens",
  "cache_write_5m_tokens",
  "cache_write_1h_tokens",
  "tokens_out",
  "reasoning_tokens",
  "cost_usd",
  "charge_usd",
  "price_version",
] as const;

/**
 * @param month `YYYY-MM` in UTC; the present one when it is not given. Calls made after the export
 * began are left for the next one. A user without a bot gets the header row alone.
 */
export async function exportMonth(
  deps: Pick<Deps, "db" | "clock">,
  userId: string,
  month?: string,
): Promise<TextFile> {
  const shown = month ?? monthOf(deps.clock.now());
  const scope = await withUser(deps.db, userId, (trx) => selectExportScope(trx, `${shown}-01`));
  return { fileName: `molt-usage-${shown}.csv`, pieces: writeCalls(deps, userId, scope) };
}

async function* writeCalls(
  { db }: Pick<Deps, "db">,
  userId: string,
  scope: ExportScope | undefined,
): AsyncGenerator<string> {
  yield csvLine(exportColumns);
  for (let after: ExportedCall | undefined; scope;) {
    const since = after;
    const page: ExportedCall[] = await withUser(db, userId, (trx) =>
      selectCallsAfter(trx, { ...scope, after: since, limit: PAGE }),
    );
    if (page.length > 0) yield page.map(writeCall).join("");
    if (page.length < PAGE) return;
    after = page.at(-1);
  }
}

function writeCall(call: ExportedCall): string {
  return csvLine([
    call.timestamp.toISOString(),
    call.id,
    call.state,
    call.cause,
    call.message_id,
    call.model,
    call.provider,
    call.tokens_in,
    call.cache_read_tokens,
    call.cache_write_tokens,
    call.cache_write_1h_tokens,
    call.tokens_out,
    call.reasoning_tokens,
    exactDollars(call.cost_picos),
    exactDollars(chargePicos(call.cost_picos)),
    call.price_version,
  ]);
}
