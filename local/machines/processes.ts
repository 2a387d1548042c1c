/**
 * The process table, and who belongs to a machine. On Linux it is read from /proc, elsewhere from
 * `ps`. A machine's tree is its leader, everything descended from it, its process group, and (Linux)
 * whatever still carries the machine's id in its environment after it slipped out of both.
 */
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { setTimeout as pause } from "node:timers/promises";

export interface ProcessInfo {
  pid: number;
  parent: number;
  group: number;
  stopped: boolean;
  /** When it was born, in the system's own unit: with the pid it names one process for ever. */
  birth: string;
}

export type ProcessTable = Map<number, ProcessInfo>;

const hasProc = process.platform === "linux";
const run = promisify(execFile);

/** Zombies are left out: they hold nothing and cannot be signalled away. */
export async function readProcesses(): Promise<ProcessTable> {
  const table: ProcessTable = new Map();
  if (!hasProc) return readPs(table);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    pids.map(async (pid) => {
      const info = await readStat(Number(pid));
      if (info !== undefined) table.set(info.pid, info);
    }),
  );
  return table;
}

/** One process, or undefined when it is gone. */
export async function readProcess(pid: number): Promise<ProcessInfo | undefined> {
  return hasProc ? readStat(pid) : (await readPs(new Map())).get(pid);
}

async function readStat(pid: number): Promise<ProcessInfo | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, "utf8");
  } catch {
    // Ended between the listing and the look: gone is the answer.
    return undefined;
  }
  // The name in parentheses may hold anything, also ")": fields are counted from the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent, group] = fields;
  const birth = fields[19];
  if (state === undefined || state === "Z" || state === "X" || birth === undefined) return undefined;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    stopped: state === "T" || state === "t",
    birth,
  };
}

async function readPs(table: ProcessTable): Promise<ProcessTable> {
  const { stdout } = await run("ps", ["-axo", "pid=,ppid=,pgid=,stat=,lstart="], { timeout: 5000 });
  for (const line of stdout.split("\n")) {
    const [pid, parent, group, state, ...birth] = line.trim().split(/\s+/);
    if (state === undefined || state.startsWith("Z")) continue;
    table.set(Number(pid), {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      stopped: state.startsWith("T"),
      birth: birth.join(" "),
    });
  }
  return table;
}

/** A leader that may be gone: its number counts only together with its birth. */
export interface Leader {
  pid: number;
  birth: string;
}

/** Parents before children. Never this program itself. */
export function treeOf(table: ProcessTable, leader: Leader, tagged: readonly number[] = []): ProcessInfo[] {
  const inside = new Set<number>(tagged);
  const first = table.get(leader.pid);
  // A number is not given out again while its group has members: another birth means no group either.
  if (first === undefined || first.birth === leader.birth) {
    inside.add(leader.pid);
    for (const info of table.values()) if (info.group === leader.pid) inside.add(info.pid);
  }
  for (let grew = true; grew;) {
    grew = false;
    for (const info of table.values())
      if (inside.has(info.parent) && !inside.has(info.pid)) {
        inside.add(info.pid);
        grew = true;
      }
  }
  inside.delete(process.pid);
  return [...inside].flatMap((pid) => table.get(pid) ?? []);
}

/** Every process whose environment says it belongs to one of these machines; empty without /proc. */
export async function processesByMachine(table: ProcessTable): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  if (!hasProc) return found;
  await Promise.all(
    [...table.keys()].map(async (pid) => {
      const machine = await machineTag(pid);
      if (machine !== undefined) found.set(machine, [...(found.get(machine) ?? []), pid]);
    }),
  );
  return found;
}

async function machineTag(pid: number): Promise<string | undefined> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, "latin1");
    return environment
      .split("\0")
      .find((entry) => entry.startsWith("FLY_MACHINE_ID="))
      ?.slice("FLY_MACHINE_ID=".length);
  } catch {
    // Gone, or another user's: not ours either way.
    return undefined;
  }
}

/** Answers whether the signal found somebody. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}

async function membersOf(leader: Leader, machine: string): Promise<ProcessInfo[]> {
  const table = await readProcesses();
  const tags = await processesByMachine(table);
  return treeOf(table, leader, tags.get(machine) ?? []);
}

/**
 * Stops every process of the tree and proves it: new children may appear in between, so it goes
 * round until all are stopped. Answers false after 3 s, with whoever was stopped running again.
 */
export async function freezeTree(leader: Leader, machine: string): Promise<boolean> {
  const giveUpAt = performance.now() + 3000;
  for (;;) {
    const members = await membersOf(leader, machine);
    if (!members.some((member) => member.pid === leader.pid)) return false;
    const awake = members.filter((member) => !member.stopped);
    if (awake.length === 0) return true;
    for (const member of awake) signal(member.pid, "SIGSTOP");
    if (performance.now() > giveUpAt) {
      await thawTree(leader, machine);
      return false;
    }
    await pause(3);
  }
}

/** Children first, so that no parent finds a stopped child. */
export async function thawTree(leader: Leader, machine: string): Promise<boolean> {
  const members = await membersOf(leader, machine);
  for (const member of members.toReversed()) signal(member.pid, "SIGCONT");
  return members.some((member) => member.pid === leader.pid);
}

/** SIGKILL to all of it until nobody is left; throws after 5 s. */
export async function killTree(leader: Leader, machine: string): Promise<void> {
  const giveUpAt = performance.now() + 5000;
  for (;;) {
    const members = await membersOf(leader, machine);
    if (members.length === 0) return;
    for (const member of members) signal(member.pid, "SIGKILL");
    if (performance.now() > giveUpAt)
      throw new Error(
        `processes of machine ${machine} outlive SIGKILL: ${members.map((m) => m.pid).join(" ")}`,
      );
    await pause(5);
  }
}

export async function isAlive(leader: Leader): Promise<boolean> {
  return (await readProcess(leader.pid))?.birth === leader.birth;
}
