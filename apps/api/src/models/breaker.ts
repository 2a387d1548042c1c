/**
 * The breaker's two rules about money, as pure functions of what was spent; watch-spending.job.ts
 * gathers that and acts. Amounts are provider cost in pico-dollars. Both thresholds follow the caps
 * the user chose: who allows more, expects more.
 */

/** Long enough for a task one leaves alone over an afternoon or a night's first half. */
export const UNATTENDED_HOURS = 6;
/** Below it nothing is worth a stop: an hourly reminder costs a cent or two. */
const UNATTENDED_FLOOR_PICOS = 500_000_000_000n;

export interface UnattendedEvidence {
  /** Nobody wrote, and nobody let it go on, for UNATTENDED_HOURS. */
  isQuiet: boolean;
  /** In how many of these hours something was spent. */
  busyHours: number;
  /** Over all of them. */
  spentPicos: bigint;
  unattendedDayCapPicos: bigint;
}

/**
 * It went on through every one of the hours, at a pace that uses up the day's cap for work without a
 * person: six hours are a quarter of the day.
 */
export function isUnattended(seen: UnattendedEvidence): boolean {
  const pace = (seen.unattendedDayCapPicos * BigInt(UNATTENDED_HOURS)) / 24n;
  return (
    seen.isQuiet &&
    seen.busyHours >= UNATTENDED_HOURS &&
    seen.spentPicos >= largest(pace, UNATTENDED_FLOOR_PICOS)
  );
}

/** One hour that costs as much as so many of the user's own usual days. */
const HABIT_FACTOR = 3n;
/** A new user has no habit yet: a first hour of work costs less than a quarter of the day's cap ($5 of $20). */
const DAY_CAP_PART = 4n;
const RATE_FLOOR_PICOS = 1_000_000_000_000n;

/** How far back a habit is looked for; only days on which something was spent count. */
export const HABIT_DAYS = 28;

export interface RateEvidence {
  /** Spent within the last hour, since the last resume at most. */
  hourPicos: bigint;
  /** The mean of the days of the last HABIT_DAYS on which something was spent; 0 without any. */
  usualDayPicos: bigint;
  dayCapPicos: bigint;
}

export function isAboveHabit({ hourPicos, usualDayPicos, dayCapPicos }: RateEvidence): boolean {
  const habit = largest(usualDayPicos * HABIT_FACTOR, dayCapPicos / DAY_CAP_PART);
  return hourPicos > largest(habit, RATE_FLOOR_PICOS);
}

/** Whoever has spent less in two days can trip neither rule. */
export const LOWEST_FLOOR_PICOS = UNATTENDED_FLOOR_PICOS;

function largest(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
