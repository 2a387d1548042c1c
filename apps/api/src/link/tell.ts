/** What a link adds between a bot's events and its handlers: silence after the end, a count of ends, a limit of unasked words. */
import type { Clock } from "../clock.ts";
import type { RunEventHandlers, RunHandlers } from "./run-events.ts";

export interface TellOptions {
  readonly clock: Clock;
  readonly isClosed: () => boolean;
  /** Before each end of a run is told. */
  readonly onEnd: () => void;
  readonly onEmptyFinal: (runId: string) => void;
  /** Once a minute at most, when unasked words begin to be dropped. */
  readonly onFlood: () => void;
}

/** A bot whose schedule speaks more often is broken or hostile. */
const MAX_UNASKED_PER_MINUTE = 20;

/** The same handlers, guarded. */
export function guarded(to: RunHandlers, options: TellOptions): RunEventHandlers {
  const telling =
    <Value>(tell: (value: Value) => void) =>
    (value: Value) => {
      if (!options.isClosed()) tell(value);
    };
  const ending = <Value>(tell: (value: Value) => void) =>
    telling<Value>((value) => {
      options.onEnd();
      tell(value);
    });
  const maySpeak = unaskedLimit(options);
  return {
    onReceipt: telling((messageId) => to.onReceipt(messageId)),
    onDelta: telling((delta) => to.onDelta(delta)),
    onActivity: telling((change) => to.onActivity(change)),
    onRetry: telling((retry) => to.onRetry?.(retry)),
    onFinal: ending((final) => to.onFinal(final)),
    onAborted: ending((end) => to.onAborted(end)),
    onError: ending((error) => to.onError(error)),
    onEmptyFinal: ending((runId) => options.onEmptyFinal(runId)),
    onForeignFinal: telling((final) => {
      if (maySpeak()) to.onForeignFinal(final);
    }),
  };
}

function unaskedLimit({ clock, onFlood }: TellOptions): () => boolean {
  let minute = 0;
  let count = 0;
  return () => {
    const now = Math.floor(clock.monotonicMs() / 60_000);
    if (now !== minute) count = 0;
    minute = now;
    count += 1;
    if (count === MAX_UNASKED_PER_MINUTE + 1) onFlood();
    return count <= MAX_UNASKED_PER_MINUTE;
  };
}
