/** The processes of the bench, and what the kernel says they cost (Linux). */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = new URL("../../", import.meta.url).pathname;
const TASKSET = "/usr/bin/taskset";
/** One core for what is measured, the other for origin and clients. */
export const canPin = availableParallelism() > 1 && existsSync(TASKSET);

export interface Part {
  child: ChildProcess;
  url: string;
}

export interface PartOptions {
  env: Record<string, string>;
  /** In front of the file: flags of node. */
  flags?: readonly string[];
  /** After the file. */
  args?: readonly string[];
  core?: number;
}

/** Starts one of our own files, which prints its address as JSON when it is ready. */
export async function startPart(file: string, options: PartOptions): Promise<Part> {
  const child = spawnNode(ROOT + file, options);
  const [line] = await once(createInterface(child.stdout ?? process.stdin), "line");
  return { child, url: (JSON.parse(String(line)) as { url: string }).url }; // printed by our own files
}

/** Starts a file with this Node, pinned to a core where that is wanted and possible. */
export function spawnNode(path: string, { env, flags = [], args = [], core }: PartOptions): ChildProcess {
  const node = [process.execPath, ...flags, path, ...args];
  const [command = "", ...rest] =
    core !== undefined && canPin ? [TASKSET, "-c", String(core), ...node] : node;
  // As `npm start` does it: with the compiled code of an earlier start.
  const cached = { NODE_COMPILE_CACHE: join(tmpdir(), "molt-bench-compile-cache"), ...env };
  return spawn(command, rest, { env: cached, stdio: ["ignore", "pipe", "inherit"] });
}

export async function stopPart({ child }: Part): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

/** CPU time of all threads so far, in nanoseconds, from the scheduler's own accounting. */
export async function cpuNs({ child }: Part): Promise<bigint> {
  let total = 0n;
  for (const thread of await readdir(`/proc/${child.pid}/task`)) {
    const text = await readFile(`/proc/${child.pid}/task/${thread}/schedstat`, "utf8").catch(() => "0"); // a thread that ended
    total += BigInt(text.split(" ")[0] ?? "0");
  }
  return total;
}

/** Memory of the process, what it shares with others counted in proportion. */
export async function pssMegabytes({ child }: Part): Promise<number> {
  const text = await readFile(`/proc/${child.pid}/smaps_rollup`, "utf8");
  return Math.round(Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024);
}
