import type { Clock } from "../clock.ts";

/** Calls `then` after `ms` on the given clock, unless the returned function is called first. */
export function after(clock: Clock, ms: number, then: () => void): () => void {
  const cancel = new AbortController();
  clock.sleep(ms, cancel.signal).then(
    () => {
      if (!cancel.signal.aborted) then();
    },
    () => undefined, // cancelled
  );
  return () => cancel.abort();
}
