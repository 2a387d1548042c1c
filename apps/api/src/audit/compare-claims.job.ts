/**
 * What bots say they used (POST /usage) beside what the ledger says they did, a day at a time. Never
 * billed: a bot is in its user's hands, and the proxy counts every call. But a bot that counts more than
 * we do has found a way around the proxy or a mistake of ours, and the operator wants to know.
 */
import type { Deps } from "../deps.ts";
import { type ClaimDay, deleteOldClaims, writeClaimDays } from "./claims-table.ts";

/** Claims may come late, calls may be settled late. */
const COMPARED_DAYS = 3;
/** As old as a claim may be (usage/store-claim.ts). */
const KEPT_DAYS = 35;
/** Bots count a retried or cut answer in their own way. */
const ALLOWED = { percent: 5n, tokens: 1_000n };
const NAMED = 20;
const PAGE = 10_000;

/** Safe to run at any time and any number of times: a day that did not change is not reported again. */
export async function compareClaims(
  { db, log }: Pick<Deps, "db" | "log">,
  signal: AbortSignal,
): Promise<string> {
  const changed = await writeClaimDays(db, { days: COMPARED_DAYS });
  const drifts = changed.filter(isFarApart);
  if (drifts.length > 0) {
    const first = drifts.slice(0, NAMED).map(({ claimedTokens, ledgerTokens, ...where }) => ({
      ...where,
      claimedTokens: claimedTokens.toString(),
      ledgerTokens: ledgerTokens.toString(),
    }));
    log.warn({ count: drifts.length, first }, "bots claim other usage than the ledger has");
  }
  let purged = 0;
  while (!signal.aborted) {
    const deleted = await deleteOldClaims(db, { days: KEPT_DAYS, limit: PAGE });
    purged += deleted;
    if (deleted < PAGE) break;
  }
  const did = changed.length + purged;
  return did === 0 ? "" : `compared ${changed.length} days of claims, purged ${purged} claims`;
}

function isFarApart({ claimedTokens, ledgerTokens }: ClaimDay): boolean {
  const [more, less] =
    claimedTokens > ledgerTokens ? [claimedTokens, ledgerTokens] : [ledgerTokens, claimedTokens];
  return more - less > ALLOWED.tokens && (more - less) * 100n > more * ALLOWED.percent;
}
