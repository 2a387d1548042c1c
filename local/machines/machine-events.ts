/** What a machine's history says, and what its restart policy makes of an exit. */
import { constants } from "node:os";
import { ulid } from "./ids.ts";
import type { Exit } from "./process-driver.ts";
import type { ExitEvent, MachineEvent, MachineRecord, MachineState } from "./types.ts";

type NewEvent = Pick<MachineEvent, "type" | "source" | "request">;

export interface ExitFacts {
  requested: boolean;
  restarting: boolean;
}

const keptEvents = 20;
/** Fly counts restarts over five minutes, ten of them unless the config says otherwise. */
const restartWindowMs = 5 * 60_000;
const defaultRetries = 10;

export function remember(record: MachineRecord, state: MachineState, event?: NewEvent): void {
  const now = new Date();
  record.state = state;
  record.updatedAt = now.toISOString();
  if (event === undefined) return;
  record.events = [{ id: ulid(), status: state, timestamp: now.getTime(), ...event }, ...record.events].slice(
    0,
    keptEvents,
  );
}

export function exitEvent(exit: Exit, facts: ExitFacts, restartCount = 0): Pick<MachineEvent, "request"> {
  const signal = exit.signal === null ? undefined : constants.signals[exit.signal];
  const code = exit.code ?? (signal === undefined ? undefined : 128 + signal);
  const event: ExitEvent = {
    exited_at: new Date().toISOString(),
    oom_killed: false,
    requested_stop: facts.requested,
    restarting: facts.restarting,
    // Fly leaves a zero out; an exit nobody saw has none either.
    ...(code === undefined || code === 0 ? {} : { exit_code: code }),
    ...(signal === undefined ? {} : { signal }),
  };
  return { request: { exit_event: event, restart_count: restartCount } };
}

export function stoppedByUs(exit: Exit | undefined, source: MachineEvent["source"]): NewEvent {
  const seen = exit ?? { code: 0, signal: null, known: true };
  return { type: "exit", source, ...exitEvent(seen, { requested: true, restarting: false }) };
}

export function endedByItself(exit: Exit): NewEvent {
  return { type: "exit", source: "flyd", ...exitEvent(exit, { requested: false, restarting: false }) };
}

/** When to start again, or undefined to stay stopped. Counts the restart it answers. */
export function restartDelayMs(record: MachineRecord, exit: Exit, now: number): number | undefined {
  const { policy = "on-failure", max_retries: retries = defaultRetries } = record.config.restart ?? {};
  const failed = exit.code !== 0;
  if (policy === "no" || (policy === "on-failure" && !failed)) return undefined;
  const recent = record.restarts.filter((at) => now - at < restartWindowMs);
  if (policy === "on-failure" && recent.length >= retries) return undefined;
  record.restarts = [...recent, now];
  return Math.min(250 * 2 ** recent.length, 5000);
}
