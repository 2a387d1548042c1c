/** Misbehaviour on demand, for tests: set through `POST /__control`, which exists only with CONTROL=1. */
export const kinds = ["refuse", "hang", "lose", "cut", "delay"] as const;

export interface Fault {
  /**
   * refuse: answers `code` to the sender's address. hang: takes the mail and never answers.
   * lose: answers "accepted" and drops the mail. cut: stores the mail, then cuts the connection
   * instead of answering. delay: answers `ms` later.
   */
  kind: (typeof kinds)[number];
  code: number;
  ms: number;
  /** How many mails are left to spoil. */
  times: number;
}

export class InvalidControl extends Error {
  override name = "InvalidControl";
}

export interface FaultPlan {
  set(faults: Fault[]): void;
  list(): Fault[];
  /** The next fault of one of these kinds, already counted. */
  next(...wanted: Fault["kind"][]): Fault | undefined;
}

export function createFaultPlan(): FaultPlan {
  let plan: Fault[] = [];
  return {
    set(faults) {
      plan = faults;
    },
    list: () => plan.map((fault) => ({ ...fault })),
    next(...wanted) {
      // In the order they were given: the first that is left decides, whatever its kind.
      const fault = plan.find((one) => one.times > 0);
      if (!fault || !wanted.includes(fault.kind)) return undefined;
      fault.times -= 1;
      return fault;
    },
  };
}

/** @throws InvalidControl on anything unknown: a typo must not pass as "no fault". */
export function readFaults(body: unknown): Fault[] {
  const list = field(body, "faults");
  if (!Array.isArray(list) || list.length > 100)
    throw new InvalidControl("faults must be a list of at most 100");
  return list.map((item: unknown) => {
    const kind = kinds.find((name) => name === field(item, "kind"));
    if (!kind) throw new InvalidControl(`kind must be one of ${kinds.join(", ")}`);
    return {
      kind,
      code: within(field(item, "code") ?? 421, "code", { min: 400, max: 599 }),
      ms: within(field(item, "ms") ?? 0, "ms", { min: 0, max: 60_000 }),
      times: within(field(item, "times") ?? 1, "times", { min: 1, max: 1_000_000 }),
    };
  });
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function within(value: unknown, name: string, range: { min: number; max: number }): number {
  if (typeof value === "number" && value >= range.min && value <= range.max) return value;
  throw new InvalidControl(`${name} must be a number from ${range.min} to ${range.max}`);
}
