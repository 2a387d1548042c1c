/** Writes a planned answer to the client, token by token, and misbehaves where it was told to. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Frame } from "./prompt.ts";

export interface SendOptions {
  delayMs: number;
  cutAfterBytes: number | undefined;
  silentAfterFirst: boolean;
}

/** How many output tokens are out when the stream is cut after so many bytes. */
export function tokensBefore(frames: Frame[], bytes: number): number {
  let sent = 0;
  let output = 0;
  for (const frame of frames) {
    if (sent >= bytes) break;
    sent += Buffer.byteLength(frame.bytes);
    output = frame.output;
  }
  return output;
}

/** A client that leaves ends the writing; what it would be billed is already in the truth log. */
export async function sendFrames(res: ServerResponse, frames: Frame[], options: SendOptions): Promise<void> {
  let left = options.cutAfterBytes ?? Number.POSITIVE_INFINITY;
  for (const [at, frame] of frames.entries()) {
    if (res.destroyed) return;
    if (frame.paced && options.delayMs > 0) await delay(options.delayMs);
    if (options.silentAfterFirst && at === 1) {
      await once(res, "close");
      return;
    }
    const bytes = Buffer.from(frame.bytes);
    if (bytes.length > left) {
      await new Promise((flushed) => res.write(bytes.subarray(0, left), flushed));
      res.destroy();
      return;
    }
    left -= bytes.length;
    if (!res.write(bytes) && !res.destroyed) await Promise.race([once(res, "drain"), once(res, "close")]);
  }
  res.end();
}
