/** How the stand-in is told to misbehave: POST /__control, only with CONTROL=1. */
import { BadRequest, isObject, type Json } from "./prompt.ts";

export type Fault =
  /** Answers this status with the provider's own error body. */
  | { kind: "status"; status: number; retryAfter?: number; message?: string }
  /** Closes the socket after so many bytes of the body. */
  | { kind: "cut"; afterBytes: number }
  /** Sends the first event and then nothing, until the client goes. */
  | { kind: "silent" }
  /** Puts this JSON text where the number of output tokens belongs, e.g. `-5`, `"12"`, `1e400`, `null`. */
  | { kind: "usage"; tokens: string }
  /** Milliseconds between tokens instead of DELAY_MS. */
  | { kind: "slow"; delayMs: number }
  /** Milliseconds before anything is answered. */
  | { kind: "late"; delayMs: number }
  /** Says that another model answered. */
  | { kind: "model"; model: string }
  /** Says this text instead of the script's. */
  | { kind: "reply"; text: string }
  /** An SSE `error` event after the first word. */
  | { kind: "error"; message: string };

/** At most one fault of each kind, under its kind. */
export interface PlannedFaults {
  get<K extends Fault["kind"]>(kind: K): Extract<Fault, { kind: K }> | undefined;
}

const kinds = ["status", "cut", "silent", "usage", "slow", "late", "model", "reply", "error"];

export class Faults {
  #planned: { fault: Fault; times: number }[] = [];

  /** `{"faults": [{kind, …, times?}]}` replaces what was planned; `times` 0 means for ever. */
  plan(body: Json): void {
    const faults = body["faults"];
    if (!Array.isArray(faults)) throw new BadRequest("faults: Field required");
    this.#planned = faults.map((fault: unknown) => {
      if (!isObject(fault) || !kinds.includes(String(fault["kind"]))) {
        throw new BadRequest(`faults: kind must be one of ${kinds.join(", ")}`);
      }
      const times = typeof fault["times"] === "number" ? fault["times"] : 1;
      // The control port is for our own tests: the kind is checked, the rest is theirs to get right.
      return { fault: fault as unknown as Fault, times: times === 0 ? Number.POSITIVE_INFINITY : times };
    });
  }

  /** The faults of the next call: the first planned one of each kind. */
  next(): PlannedFaults {
    const taken = new Map<Fault["kind"], Fault>();
    for (const entry of this.#planned) {
      if (taken.has(entry.fault.kind)) continue;
      taken.set(entry.fault.kind, entry.fault);
      entry.times -= 1;
    }
    this.#planned = this.#planned.filter((entry) => entry.times > 0);
    // Each is stored under its own kind, so that what a kind gets is of that kind.
    return taken as PlannedFaults;
  }
}
