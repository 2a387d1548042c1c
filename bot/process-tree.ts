/**
 * Finding and ending everything a gateway started. The agent's shell may leave processes behind
 * that belong to init by now, so the tree is found twice: by parent, and by the HOME that only
 * this bot's processes carry. Off Linux only the process group is known.
 */
import { readdir, readFile } from "node:fs/promises";

/** No process has this id, so nothing is its child. */
const NO_PROCESS = -1;

/** Children, grandchildren and adopted strays of `root`, without `root` itself and without us. */
export async function treeOf(root: number, home: string): Promise<number[]> {
  const parents = await readParents();
  const found = new Set<number>();
  const queue = [root];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop())
    for (const [child, parent] of parents)
      if (parent === pid && !found.has(child)) {
        found.add(child);
        queue.push(child);
      }
  for (const pid of parents.keys()) if (await carriesHome(pid, home)) found.add(pid);
  found.delete(root);
  for (const own of ancestors(process.pid, parents)) found.delete(own);
  return [...found];
}

/** SIGKILL to what an ended `root` left behind, again while new members appear. Nothing left is success. */
export async function killTree(root: number, home: string): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    const members = await treeOf(root, home);
    signal(-root, "SIGKILL");
    for (const pid of members) signal(pid, "SIGKILL");
    if (members.length === 0) return;
  }
}

/**
 * Ends what a killed predecessor of ours left running on the same volume: two gateways on one state
 * folder would fight for its port and its lock.
 */
export async function killStrays(home: string): Promise<number> {
  const strays = await treeOf(NO_PROCESS, home);
  for (const pid of strays) signal(pid, "SIGKILL");
  return strays.length;
}

/** A process that is gone already is what we want, hence no error for it. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function readParents(): Promise<Map<number, number>> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    // A process may end between the listing and the reading: then it is no parent and no child.
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (parent !== undefined && state !== "Z") parents.set(Number(name), Number(parent));
  }
  return parents;
}

async function carriesHome(pid: number, home: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  return environment.split("\0").includes(`HOME=${home}`);
}

function ancestors(pid: number, parents: Map<number, number>): number[] {
  const line: number[] = [];
  for (let one: number | undefined = pid; one !== undefined && one > 0; one = parents.get(one))
    line.push(one);
  return line;
}
