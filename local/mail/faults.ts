/** Misbehaviour on demand, for tests: set through `POST /__control`, which exists only with CONTROL=1. */
export const kinds = ["refuse", "hang", "lose", "cut", "delay"] as const;

/** Where in a mail the server may say no: to MAIL FROM, to RCPT TO, or when it has the whole mail. */
export const stages = ["sender", "recipient", "data"] as const;
export type Stage = (typeof stages)[number];

export interface Fault {
  /**
   * refuse: answers `code` and `text` to what `at` names. hang: takes the mail and never answers.
   * lose: answers "accepted" and drops the mail. cut: stores the mail, then cuts the connection
   * instead of answering. delay: answers `ms` later.
   */
  kind: (typeof kinds)[number];
  at: Stage;
  code: number;
  text: string;
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
  /** The next fault, already counted, if this is its stage. */
  next(stage: Stage): Fault | undefined;
}

export function createFaultPlan(): FaultPlan {
  let plan: Fault[] = [];
  return {
    set(faults) {
      plan = faults;
    },
    list: () => plan.map((fault) => ({ ...fault })),
    next(stage) {
      // In the order they were given: the first that is left decides, whatever its kind.
      const fault = plan.find((one) => one.times > 0);
      if (!fault || stage !== (fault.kind === "refuse" ? fault.at : "data")) return undefined;
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
    const at = stages.find((name) => name === (field(item, "at") ?? "sender"));
    if (!at) throw new InvalidControl(`at must be one of ${stages.join(", ")}`);
    const text = field(item, "text") ?? "Asked for by a test";
    // One line: what follows a line break would be an answer of its own.
    if (typeof text !== "string" || !/^[ -~]{1,200}$/.test(text))
      throw new InvalidControl("text must be one short line");
    return {
      kind,
      at,
      text,
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
