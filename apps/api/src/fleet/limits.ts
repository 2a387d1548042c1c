/** How long the fleet waits for what. Sources: fly.md sections 3 to 5, openclaw.md section 3, faults F36 to F39. */
export interface FleetLimits {
  /** A lease that is not renewed for so long is free for another worker. */
  leaseMs: number;
  /** How long a missed notification goes unnoticed (runtime.md section 2). */
  claimEveryMs: number;
  /** One worker stays with one bot at most so long before others get their turn. */
  sliceMs: number;
  /** Between two looks at something that is on its way. */
  pollMs: number;
  /** A cold boot takes 10 to 20 s; this is where we stop believing in it. */
  bootMs: number;
  /** From "ready" to a first handshake; a prepared suspension nobody lifts ends by itself after 2 min. */
  connectMs: number;
  /** A step of a birth that lasts so long has failed, whatever the reason. */
  birthStepMs: number;
  /** Machines thrown away and made anew before a person is asked. */
  replacements: number;
  /** Unasked exits within `crashWindowMs` before a person is asked. */
  crashes: number;
  crashWindowMs: number;
  /** Failed attempts in a row before a person is asked. */
  tries: number;
  retryMs: number;
  retryMaxMs: number;
  /** How often a bot that is as it should be is looked at. */
  lookAwakeMs: number;
  lookAsleepMs: number;
  /** Bots moved at once by one worker: also the limit of a wake storm (F68). */
  atOnce: number;
  /** A bot whose schedule calls sooner than this stays awake. */
  soonMs: number;
}

export const fleetLimits: FleetLimits = {
  leaseMs: 30_000,
  claimEveryMs: 1_000,
  sliceMs: 60_000,
  pollMs: 250,
  bootMs: 180_000,
  connectMs: 150_000,
  birthStepMs: 600_000,
  replacements: 2,
  crashes: 3,
  crashWindowMs: 600_000,
  tries: 12,
  retryMs: 500,
  retryMaxMs: 30_000,
  lookAwakeMs: 15_000,
  lookAsleepMs: 600_000,
  atOnce: 16,
  soonMs: 300_000,
};
