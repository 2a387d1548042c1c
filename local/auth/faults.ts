/**
 * Misbehaviour on demand, for tests: set through `POST /__control`, which exists only with CONTROL=1.
 * A fault has a chance and a seed, so that a run can be repeated to the call.
 */
import { invalid } from "./errors.ts";
import type { Body } from "./input.ts";

const kinds = ["delay", "status", "hang", "drop", "nonsense"] as const;
type Kind = (typeof kinds)[number];

export interface Fault {
  /**
   * delay: answers `ms` later. status: answers `status` and does nothing. hang: never answers.
   * drop: does the work, then cuts the connection. nonsense: does the work, answers a page of HTML.
   */
  kind: Kind;
  /** The end of the path it is for, as `/token`; empty is every path. */
  path: string;
  ms: number;
  status: number;
  /** How many calls are left to spoil. */
  times: number;
  /** The share of matching calls that are spoilt, 0 to 1. */
  share: number;
}

export interface FaultPlan {
  set(faults: Fault[], seed: number): void;
  list(): Fault[];
  /** The fault of this call, already counted, or undefined. */
  next(path: string): Fault | undefined;
}

export function createFaultPlan(): FaultPlan {
  let plan: Fault[] = [];
  let random = seeded(1);
  return {
    set(faults, seed) {
      plan = faults;
      random = seeded(seed);
    },
    list: () => plan.map((fault) => ({ ...fault })),
    next(path) {
      const fault = plan.find((one) => one.times > 0 && path.endsWith(one.path) && random() < one.share);
      if (fault) fault.times -= 1;
      return fault;
    },
  };
}

/** @throws 400 on an unknown kind or a number out of range: a typo must not pass as "no fault". */
export function readFaults(body: Body): Fault[] {
  const list = body["faults"];
  if (!Array.isArray(list) || list.length > 100) throw invalid("faults must be a list of at most 100");
  return list.map((item: unknown) => {
    const given: Body = typeof item === "object" && item !== null ? { ...item } : {};
    const kind = kinds.find((name) => name === given["kind"]);
    if (!kind) throw invalid(`kind must be one of ${kinds.join(", ")}`);
    const path = given["path"] ?? "";
    if (typeof path !== "string") throw invalid("path must be a string");
    return {
      kind,
      path,
      ms: within(given["ms"] ?? 0, "ms", { min: 0, max: 60_000 }),
      status: within(given["status"] ?? 503, "status", { min: 400, max: 599 }),
      times: within(given["times"] ?? 1, "times", { min: 1, max: 1_000_000 }),
      share: within(given["share"] ?? 1, "share", { min: 0, max: 1 }),
    };
  });
}

export function within(value: unknown, name: string, range: { min: number; max: number }): number {
  if (typeof value === "number" && value >= range.min && value <= range.max) return value;
  throw invalid(`${name} must be a number from ${range.min} to ${range.max}`);
}

/** mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
