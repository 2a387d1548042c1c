/**
 * Keeps one gateway process running: starts it, starts it again when it dies, gives up when it
 * dies too often, and ends its whole tree. It knows nothing of sockets; readiness is the door's.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Log } from "./log.ts";
import { killTree, signal } from "./process-tree.ts";

/** Three crashes in ten minutes are a loop and not bad luck (F64): who pays for the machine decides then. */
const MAX_CRASHES = 3;
const CRASH_WINDOW_MS = 10 * 60_000;
/** OpenClaw's exit code for a refused configuration (docs/gateway/embedding.md of the package). */
const CONFIG_REFUSED = 78;
const DOCTOR_LIMIT_MS = 120_000;

export interface SuperviseOptions {
  /** Program and arguments of the gateway, and of the repair that exit code 78 asks for. */
  readonly gateway: readonly [string, ...string[]];
  readonly doctor: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly log: Log;
  /** Called at every start of the gateway process, long before it can answer. */
  readonly onStart?: (generation: number) => void;
  /** Pause before a restart. */
  readonly restartDelayMs?: number;
}

export interface Supervisor {
  /** Starts the gateway. Never throws: what goes wrong later is `ended` with "gave-up". */
  start(): void;
  /** Rises by one with every start of the gateway; what was true of an older one is not known of this one. */
  generation(): number;
  alive(): boolean;
  /**
   * SIGTERM, then SIGKILL to the whole tree after `graceMs`. A turn that is cut here has its receipt
   * on disk and is resumed by the gateway at its next start.
   */
  stop(graceMs: number): Promise<void>;
  /** Settles when nothing will be started any more. */
  readonly ended: Promise<"stopped" | "gave-up">;
}

/** Nothing runs before `start`; after `stop` nothing ever will. */
export function supervise(options: SuperviseOptions): Supervisor {
  const stopping = new AbortController();
  const ended = Promise.withResolvers<"stopped" | "gave-up">();
  const state: State = { child: undefined, generation: 0 };
  let started = false;
  return {
    start() {
      if (started) return;
      started = true;
      keepRunning(options, state, stopping.signal).then(ended.resolve, ended.reject);
    },
    generation: () => state.generation,
    alive: () => state.child !== undefined && state.child.exitCode === null,
    ended: ended.promise,
    async stop(graceMs) {
      stopping.abort();
      if (!started) return ended.resolve("stopped");
      const pid = state.child?.pid;
      if (pid !== undefined) signal(pid, "SIGTERM");
      const kill = setTimeout(() => pid !== undefined && signal(pid, "SIGKILL"), graceMs);
      await ended.promise;
      clearTimeout(kill);
    },
  };
}

interface State {
  child: ChildProcess | undefined;
  generation: number;
}

async function keepRunning(
  options: SuperviseOptions,
  state: State,
  stop: AbortSignal,
): Promise<"stopped" | "gave-up"> {
  const { log } = options;
  let crashes: number[] = [];
  let repaired = false;
  while (!stop.aborted) {
    state.generation += 1;
    log.info("starting the gateway", { generation: state.generation });
    options.onStart?.(state.generation);
    const code = await runOnce(options, state, { command: options.gateway });
    if (stop.aborted) break;
    log.warn("the gateway ended", { code, generation: state.generation });
    if (code === CONFIG_REFUSED) {
      if (repaired) return "gave-up";
      repaired = true;
      const doctor = await runOnce(options, state, { command: options.doctor, limitMs: DOCTOR_LIMIT_MS });
      log.warn("the configuration was refused and repaired once", { doctor });
      continue;
    }
    const now = performance.now();
    crashes = [...crashes, now].filter((at) => at > now - CRASH_WINDOW_MS);
    if (crashes.length >= MAX_CRASHES) return "gave-up";
    await pause(options.restartDelayMs ?? 1_000, stop);
  }
  return "stopped";
}

/** Runs a command to its end, ends what it left behind, and answers its exit code (-1: it never ran). */
async function runOnce(
  options: SuperviseOptions,
  state: State,
  { command, limitMs }: { command: readonly [string, ...string[]]; limitMs?: number },
): Promise<number> {
  const [file, ...args] = command;
  const child = spawn(file, args, {
    env: { ...options.env },
    cwd: options.cwd,
    // An own process group, so that a signal to ours does not reach the agent's children unordered.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  state.child = child;
  forward(child.stdout, options.log);
  forward(child.stderr, options.log);
  const limit = limitMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), limitMs);
  const code = await new Promise<number>((resolve) => {
    child.once("error", (error) => {
      options.log.error("the gateway could not be started", { error });
      resolve(-1);
    });
    child.once("exit", (exitCode, by) => resolve(exitCode ?? (by === "SIGKILL" ? 137 : 128)));
  });
  clearTimeout(limit);
  state.child = undefined;
  if (child.pid !== undefined) await killTree(child.pid, options.env.HOME ?? "");
  return code;
}

/** The gateway's own lines, one log line each; readline bounds nothing, the log does. */
function forward(stream: Readable, log: Log): void {
  createInterface({ input: stream }).on("line", (line) => {
    if (line.trim() !== "") log.info(line, { from: "gateway" });
  });
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    stop.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    }
  });
}
