/** Which call is allowed in which state. */
import { badRequest, precondition } from "./fly-error.ts";
import type { FlyError } from "./fly-error.ts";
import type { MachineState } from "./types.ts";

export const goingUp = new Set<MachineState>(["starting", "restarting", "replacing"]);
export const startable = new Set<MachineState>(["created", "stopped", "suspended", "suspending", "failed"]);

const signals = new Set(["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL"]);

export function unable(verb: string, state: MachineState): FlyError {
  return precondition(`unable to ${verb} machine from current state: '${state}'`);
}

/** Fly's default is SIGINT. */
export function stopSignal(name = "SIGINT"): NodeJS.Signals {
  if (!signals.has(name)) throw badRequest(`unknown signal ${name}`);
  return name as NodeJS.Signals; // one of the set above
}
