/**
 * Places where a test lets the process die, fail or wait. Compiled in and off; MOLT_FAILPOINT arms them
 * (`name:action[@nth][,…]`), config.ts reads it and refuses it in production. A random kill seldom hits
 * a window of a millisecond; these always do.
 */
import { setTimeout as delay } from "node:timers/promises";

export const failpointNames = [
  /** The meter event is accepted, its batch is not marked as sent. */
  "after-meter-send-before-mark",
  /** The call is reserved, no byte of it has left. */
  "after-intent",
  /** The first word of an answer has passed. */
  "mid-stream",
  /** The answer is read to its end, its row is still open. */
  "after-usage-before-commit",
  /** The keys are revoked; nothing of the account is deleted yet. */
  "after-revoke-before-delete",
  /** A step of the end of an account is done, its receipt is not written. */
  "mid-delete",
] as const;
export type FailpointName = (typeof failpointNames)[number];

export interface Failpoint {
  name: FailpointName;
  action: "kill" | "throw" | "hang" | "delay";
  delayMs: number;
  /** Which passage it hits, counted from one; every passage when it is not said. */
  nth: number | undefined;
}

let armed = false;
let points: readonly Failpoint[] = [];
const passages = new Map<FailpointName, number>();

/** @throws {RangeError} with a sentence that names the part it cannot read. */
export function parseFailpoints(text: string): Failpoint[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(parseOne);
}

function parseOne(text: string): Failpoint {
  const match = /^([a-z-]+):(?:(kill|throw|hang)|delay=(\d{1,7}))(?:@([1-9]\d{0,6}))?$/.exec(text);
  if (!match) {
    throw new RangeError(`"${text}" is not name:action[@nth] with kill, throw, hang or delay=<ms>.`);
  }
  const name = failpointNames.find((known) => known === match[1]);
  if (!name) throw new RangeError(`there is no "${match[1]}"; known are ${failpointNames.join(", ")}.`);
  const action = failpointActions.find((known) => known === match[2]) ?? "delay";
  const nth = match[4] === undefined ? undefined : Number(match[4]);
  return { name, action, delayMs: Number(match[3] ?? 0), nth };
}

const failpointActions = ["kill", "throw", "hang"] as const;

/** Replaces what was armed before. */
export function armFailpoints(wanted: readonly Failpoint[]): void {
  points = wanted;
  armed = wanted.length > 0;
  passages.clear();
}

/**
 * Passes by at the cost of one test. Where something is armed: `kill` ends the process at once, `throw`
 * throws here and now, the other two answer a promise that the caller awaits where it can.
 */
export function failpoint(name: FailpointName): Promise<void> | undefined {
  return armed ? hit(name) : undefined;
}

function hit(name: FailpointName): Promise<void> | undefined {
  const passage = (passages.get(name) ?? 0) + 1;
  passages.set(name, passage);
  const point = points.find((one) => one.name === name && (one.nth ?? passage) === passage);
  switch (point?.action) {
    case undefined:
      return undefined;
    case "kill":
      process.kill(process.pid, "SIGKILL");
      // The signal may take a moment; nothing more happens in this process.
      return new Promise(() => undefined);
    case "throw":
      throw new Error(`failpoint ${name}`);
    case "hang":
      return new Promise(() => undefined);
    case "delay":
      return delay(point.delayMs);
  }
}
