/**
 * What a bot says it used. Kept beside the ledger and compared with it, never billed: a bot cannot
 * create usage (reference: faults F103).
 */
import { AppError } from "../errors.ts";
import type { Deps } from "../deps.ts";
import { countRecentClaims, insertClaim, type UsageClaim } from "./table.ts";

/** More calls than a bot can make in an hour within the proxy's own limit would be 14,400. */
const MAX_CLAIMS_PER_HOUR = 15_000n;
/**
 * A call every two seconds all day long: more than any cap pays for, and what one bot can leave in the
 * table before it is purged (35 days) stays below two million rows. Counting them takes a few
 * milliseconds, by the index usage_claims_received.
 */
const MAX_CLAIMS_PER_DAY = 43_200n;
const OLDEST_MS = 35 * 24 * 3_600_000;
const NEWEST_MS = 5 * 60_000;

/**
 * @throws {AppError} `invalid_input` for a time out of the window, `rate_limited` for a flood.
 * A claim that is already there is accepted and changes nothing.
 */
export async function storeClaim(deps: Pick<Deps, "db" | "clock">, claim: UsageClaim): Promise<void> {
  const age = deps.clock.now().getTime() - new Date(claim.at).getTime();
  if (age > OLDEST_MS || age < -NEWEST_MS) {
    throw new AppError("invalid_input", "at: must not be older than 35 days or more than 5 minutes ahead");
  }
  const { hour, day } = await countRecentClaims(deps.db, claim.botId);
  if (hour >= MAX_CLAIMS_PER_HOUR) throw new AppError("rate_limited", "Too many claims in one hour.");
  if (day >= MAX_CLAIMS_PER_DAY) throw new AppError("rate_limited", "Too many claims in one day.");
  await insertClaim(deps.db, claim);
}
