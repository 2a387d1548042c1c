/** Whether a client has taken its answer: until then the answer is in our memory, and the call is not over. */
import type { ServerResponse } from "node:http";

/** A client that takes nothing for so long is gone. */
export const STALLED_MS = 120_000;

/**
 * Resolves when an ended answer is out of our hands, or its connection is closed. The connection of a
 * client that takes nothing for `stalledMs` is closed; the socket's own timer knows a slow one from that.
 */
export function delivered(res: ServerResponse, stalledMs: number): Promise<void> {
  if (res.writableFinished || res.destroyed || !res.writableEnded) return Promise.resolve();
  return new Promise((resolve) => {
    res.setTimeout(stalledMs, () => res.destroy());
    res.once("finish", resolve).once("close", resolve);
  });
}
