/** Why a bot could not be born or woken, in words for its owner. The code is for support and alerts. */
const failures = {
  no_capacity:
    "There is no free machine for your bot at the moment. Nothing is lost. Please try again in a few minutes.",
  machine_host:
    "The machines your bot runs on do not answer as they should. Nothing is lost. Please try again.",
  never_ready:
    "Your bot started three times but never got ready. Nothing is lost. Please try again, or write to us.",
  crashes:
    "Your bot stopped by itself three times within ten minutes. Nothing is lost. Please try again, or write to us.",
  wrong_network:
    "Your bot's private network is not the one it should have, so we did not let it start. We have been told and will repair it.",
  name_lost: "We could not get a private address for your bot. Please write to us.",
  disk_lost: "Your bot's disk cannot be found. We did not replace it with an empty one. Please write to us.",
} as const;

export type FailureCode = keyof typeof failures;

/** Ends the attempt: the bot becomes `failed` until its owner asks again. */
export class FleetFailure extends Error {
  override name = "FleetFailure";
  readonly code: FailureCode;
  constructor(code: FailureCode, options: { cause?: unknown } = {}) {
    super(failures[code], options);
    this.code = code;
  }
}
