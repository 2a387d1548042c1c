/** The clients of the bench: they time what arrives and compare every byte with the source. */
import { createHash } from "node:crypto";
import { type Agent, request } from "node:http";
import { EVENT_ENDS, JSON_HASH, prompt, type Rhythm, STREAM_HASH } from "./source.ts";

/** Where to call, and what a client has to send along there. */
export interface Endpoint {
  url: string;
  headers: Record<string, string>;
}

export interface CallOptions {
  agent: Agent;
  stream: boolean;
  rhythm?: Rhythm;
}

export interface Timing {
  firstByteMs: number;
  totalMs: number;
  /** When each event had arrived whole, in milliseconds since the call began. */
  eventsAt: readonly number[];
}

let asked = 0;

/** One whole call. Rejects unless what arrived is, byte for byte, what the origin sends. */
export function call(endpoint: Endpoint, { agent, stream, rhythm = "burst" }: CallOptions): Promise<Timing> {
  asked += 1; // no two questions are alike: who asks the same again and again is stopped
  const body = prompt({ stream, rhythm, question: asked });
  const began = performance.now();
  const hash = createHash("sha256");
  const eventsAt: number[] = [];
  let firstByteMs = 0;
  let size = 0;
  return new Promise((resolve, reject) => {
    const req = request(`${endpoint.url}/v1/messages`, {
      method: "POST",
      headers: headersOf(endpoint, body),
      agent,
    });
    req.on("error", reject);
    req.on("response", (res) => {
      res.on("data", (chunk: Buffer) => {
        const now = performance.now() - began;
        if (size === 0) firstByteMs = now;
        size += chunk.length;
        hash.update(chunk);
        if (stream) while ((EVENT_ENDS[eventsAt.length] ?? Infinity) <= size) eventsAt.push(now);
      });
      res.on("error", reject);
      res.on("end", () => {
        if (res.statusCode === 200 && hash.digest("hex") === (stream ? STREAM_HASH : JSON_HASH))
          resolve({ firstByteMs, totalMs: performance.now() - began, eventsAt });
        else reject(new Error(`not the bytes of the source: status ${res.statusCode}, ${size} bytes`));
      });
    });
    req.end(body);
  });
}

function headersOf({ headers }: Endpoint, body: Buffer): Record<string, string | number> {
  return {
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
    "content-length": body.length,
    ...headers,
  };
}

/** Runs `count` pieces of work, `lanes` at a time. */
export async function inParallel(count: number, lanes: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** @param share 0.5 is the median. */
export function quantile(values: readonly number[], share: number): number {
  return (
    values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
    Number.NaN
  );
}
