/** What to do next, from what is wanted and what is there; nothing else decides. */
import type { Desired } from "../db/types.ts";
import type { FlyMachine } from "./fly.ts";

export type Observed =
  | "absent"
  | "stopped"
  | "suspended"
  | "suspending"
  | "started"
  | "changing"
  | "broken"
  | "unreachable";
export type Step =
  | "create"
  | "start"
  | "greet"
  | "sleep"
  | "stop"
  | "replace"
  | "destroy"
  | "remove"
  | "wait"
  | "settle";

/** One step towards the desired state. Total: a new state on either axis fails to compile here. */
export const nextStep = {
  running: {
    absent: "create",
    stopped: "start",
    suspended: "start",
    // A start cancels the suspend: nobody waits for a sleep that is no longer wanted.
    suspending: "start",
    started: "greet",
    changing: "wait",
    broken: "replace",
    unreachable: "wait",
  },
  asleep: {
    absent: "settle",
    stopped: "settle",
    suspended: "settle",
    suspending: "wait",
    started: "sleep",
    changing: "wait",
    broken: "settle",
    unreachable: "wait",
  },
  paused: {
    absent: "settle",
    stopped: "settle",
    // Dropping the snapshot: a paused bot costs its disk and nothing more.
    suspended: "stop",
    suspending: "stop",
    started: "stop",
    changing: "wait",
    broken: "settle",
    unreachable: "wait",
  },
  deleted: {
    absent: "remove",
    stopped: "destroy",
    suspended: "destroy",
    suspending: "destroy",
    started: "destroy",
    changing: "destroy",
    broken: "destroy",
    unreachable: "wait",
  },
} satisfies Record<Desired, Record<Observed, Step>>;

const observedAs: Record<string, Observed> = {
  created: "stopped",
  started: "started",
  stopped: "stopped",
  suspended: "suspended",
  suspending: "suspending",
  failed: "broken",
  launch_failed: "broken",
  destroying: "changing",
  destroyed: "absent",
  replaced: "absent",
  migrated: "absent",
};

/** A state we have never heard of is one that passes. */
export function observedState(machine: FlyMachine | undefined): Observed {
  if (machine === undefined) return "absent";
  if (machine.host_status !== undefined && machine.host_status !== "ok") return "unreachable";
  return observedAs[machine.state] ?? "changing";
}

/** The last exit that nobody asked for and that Fly did not answer with a restart of its own. */
export function lastCrash(machine: FlyMachine): Date | undefined {
  const exit = (machine.events ?? []).find((event) => event.type === "exit");
  const facts = exit?.request?.exit_event;
  if (exit === undefined || facts == null || facts.requested_stop === true || facts.restarting === true)
    return undefined;
  return new Date(exit.timestamp);
}
