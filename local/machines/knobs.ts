/** Faults of the machines themselves, set through /__control. All off unless a test asks. */
export interface Knobs {
  /** The next n starts fail: the machine ends as "stopped" with an exit event, never "started". */
  failStarts: number;
  /** How long a suspend takes before anything is frozen. */
  suspendSlowMs: number;
  /** A resume finds no snapshot and boots cold, without a word, as Fly may do. */
  loseSnapshots: boolean;
  /** Real token buckets: 1 request/s per action and machine with burst 3, reads 5/s with burst 10. */
  buckets: boolean;
  /** Refuse a second machine of one name in an app. Off: the harsher world, where only the caller prevents it. */
  uniqueNames: boolean;
}

export const noKnobs = (): Knobs => ({
  failStarts: 0,
  suspendSlowMs: 0,
  loseSnapshots: false,
  buckets: false,
  uniqueNames: true,
});
