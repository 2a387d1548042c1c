/** A provider's export against the ledger: what it has and we have not, the reverse, and what differs. */
import { priceOf } from "@molt/contract";
import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import { type Check, type Claim, MAX_SAMPLE } from "./check.ts";
import { type LedgerCall, selectCallIds, selectCalls, selectProviderDays } from "./export-table.ts";
import type { ExportedCall, ExportedDay, ProviderExport } from "./read-export.ts";

type Db = Kysely<Database>;

const PAGE = 10_000;
const base: Claim = {
  id: "provider-export",
  invariant: "I3",
  claim: "the ledger holds what the provider has served",
};

interface Findings {
  /** Served by the provider, not in the ledger: given away. */
  missing: object[];
  /** In the ledger, not served by the provider: billed for nothing. */
  extra: object[];
  different: object[];
}

export async function checkExport(db: Db, exported: ProviderExport): Promise<Check> {
  return exported.by === "request" ? checkCalls(db, exported.calls) : checkDays(db, exported);
}

function answer({ missing, extra, different }: Findings, totals: string): Check {
  const count = missing.length + extra.length + different.length;
  const sample = [
    ...missing.map((one) => ({ kind: "missing", ...one })),
    ...extra.map((one) => ({ kind: "extra", ...one })),
    ...different.map((one) => ({ kind: "different", ...one })),
  ].slice(0, MAX_SAMPLE);
  const found = `missing ${missing.length}, extra ${extra.length}, different ${different.length}`;
  return { ...base, ok: count === 0, count, sample, note: `${found}; ${totals}` };
}

async function checkCalls(db: Db, calls: readonly ExportedCall[]): Promise<Check> {
  const known = new Map<string, LedgerCall>();
  for (let at = 0; at < calls.length; at += PAGE) {
    const ids = calls.slice(at, at + PAGE).map((call) => call.requestId);
    for (const call of await selectCalls(db, ids)) known.set(call.requestId, call);
  }
  const findings: Findings = { missing: [], extra: await extraCalls(db, calls, known), different: [] };
  for (const call of calls) {
    const ours = known.get(call.requestId);
    if (!ours) findings.missing.push(view(call));
    else if (!isSame(call, ours)) findings.different.push({ ...view(call), ledger: view(ours) });
  }
  const sums = (all: Iterable<{ tokensIn: bigint; tokensOut: bigint }>) => describe([...all]);
  return answer(
    findings,
    `exported ${calls.length} calls, ${sums(calls)}; in the ledger ${known.size}, ${sums(known.values())}`,
  );
}

/** What the ledger has of the same providers between the first and the last call that both know. */
async function extraCalls(
  db: Db,
  calls: readonly ExportedCall[],
  known: ReadonlyMap<string, LedgerCall>,
): Promise<object[]> {
  const times = [...known.values()].map((call) => call.at.getTime());
  if (times.length === 0) return [];
  const listed = new Set(calls.map((call) => call.requestId));
  const ours = await selectCallIds(db, {
    providers: [...new Set([...known.values()].map((call) => call.provider))],
    from: new Date(times.reduce((a, b) => Math.min(a, b))),
    to: new Date(times.reduce((a, b) => Math.max(a, b))),
  });
  return ours
    .filter((call) => !listed.has(call.requestId))
    .map((call) => ({ ...call, costPicos: call.costPicos.toString() }));
}

function isSame(exported: ExportedCall, ours: LedgerCall): boolean {
  if (exported.tokensIn !== ours.tokensIn || exported.tokensOut !== ours.tokensOut) return false;
  if (!exported.cost) return true;
  const { picos, precisionPicos } = exported.cost;
  const off = picos > ours.costPicos ? picos - ours.costPicos : ours.costPicos - picos;
  // The export has rounded at its last digit, one way or the other.
  return off < precisionPicos;
}

function view(call: ExportedCall | LedgerCall): object {
  const { requestId, model, tokensIn, tokensOut } = call;
  const cost = "costPicos" in call ? call.costPicos : call.cost?.picos;
  return {
    requestId,
    model,
    tokensIn: tokensIn.toString(),
    tokensOut: tokensOut.toString(),
    costPicos: cost?.toString() ?? null,
  };
}

async function checkDays(db: Db, { provider, days }: Extract<ProviderExport, { by: "day" }>): Promise<Check> {
  const sorted = days.map((one) => one.day).toSorted();
  const [from, to] = [sorted[0], sorted.at(-1)];
  if (from === undefined || to === undefined)
    return { ...base, ok: true, count: 0, sample: [], note: "the export has no rows" };
  const theirs = byModel(days);
  const ours = byModel(await selectProviderDays(db, { provider, from, to }));
  const findings: Findings = { missing: [], extra: [], different: [] };
  for (const [key, one] of theirs) {
    const known = ours.get(key);
    if (!known && (one.tokensIn > 0n || one.tokensOut > 0n)) findings.missing.push(viewDay(one));
    else if (known && (known.tokensIn !== one.tokensIn || known.tokensOut !== one.tokensOut))
      findings.different.push({ ...viewDay(one), ledger: viewDay(known) });
  }
  for (const [key, one] of ours) if (!theirs.has(key)) findings.extra.push(viewDay(one));
  const span = from === to ? from : `${from} to ${to}`;
  return answer(
    findings,
    `${provider} ${span}: exported ${describe([...theirs.values()])}; in the ledger ${describe([...ours.values()])}`,
  );
}

/** Under the provider's own name of the model, whatever alias it was asked by. */
function byModel(days: readonly ExportedDay[]): Map<string, ExportedDay> {
  const sums = new Map<string, ExportedDay>();
  for (const { day, model, tokensIn, tokensOut } of days) {
    const name = priceOf(model)?.model ?? model;
    const key = `${day} ${name}`;
    const sum = sums.get(key) ?? { day, model: name, tokensIn: 0n, tokensOut: 0n };
    sums.set(key, { ...sum, tokensIn: sum.tokensIn + tokensIn, tokensOut: sum.tokensOut + tokensOut });
  }
  return sums;
}

function viewDay({ day, model, tokensIn, tokensOut }: ExportedDay): object {
  return { day, model, tokensIn: tokensIn.toString(), tokensOut: tokensOut.toString() };
}

function describe(all: readonly { tokensIn: bigint; tokensOut: bigint }[]): string {
  const sum = (pick: (one: { tokensIn: bigint; tokensOut: bigint }) => bigint) =>
    all.reduce((total, one) => total + pick(one), 0n);
  return `${sum((one) => one.tokensIn)} tokens in, ${sum((one) => one.tokensOut)} out`;
}
