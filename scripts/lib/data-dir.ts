/** The folder of one running copy: its lock, its secrets, and the processes it started. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A sentence for the terminal instead of a stack. */
export class StartError extends Error {
  override name = "StartError";
}

/** First start: database 60 MB, web builds 10 MB, a bot's state and compile cache 60 MB, room to work. */
const MIN_FREE_BYTES = 700 * 1024 * 1024;

export interface LocalSecrets {
  masterKey: string;
  publishableKey: string;
  authSecretKey: string;
  authHookSecret: string;
  stripeSecretKey: string;
  stripeWebhookSecret: string;
  flyToken: string;
  demoModelKey: string;
}

export async function openDataDir(path: string): Promise<void> {
  try {
    // Passable, not readable, for others: the database runs as another user when started as root.
    await mkdir(path, { recursive: true, mode: 0o711 });
    await mkdir(join(path, "logs"), { recursive: true });
    await writeFile(join(path, ".writable"), "");
  } catch (cause) {
    throw new StartError(
      `The data folder ${path} cannot be written. Set MOLT_DATA_DIR to a folder that can.`,
      { cause },
    );
  }
  const disk = await statfs(path);
  if (disk.bavail * disk.bsize < MIN_FREE_BYTES) {
    const free = Math.round((disk.bavail * disk.bsize) / 1024 / 1024);
    throw new StartError(
      `The disk of ${path} has ${free} MB left; Molt-OS needs 700 MB. Free some space or set MOLT_DATA_DIR to another disk.`,
    );
  }
}

/** Identity of a process beyond its number, which the system uses again. Empty where it cannot be told. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

async function isRunning(pid: number, started: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return started === "" || (await startTime(pid)) === started;
}

interface Recorded {
  pid: number;
  started: string;
}

/**
 * One owner a folder. A lock of a process that is gone, or whose number belongs to another program
 * now, does not count.
 * @throws {StartError} when another copy is running on it.
 */
export async function lockDataDir(path: string): Promise<() => Promise<void>> {
  const file = join(path, "lock.json");
  if (existsSync(file)) {
    const owner = await readRecord<Recorded>(file);
    if (owner && owner.pid !== process.pid && (await isRunning(owner.pid, owner.started))) {
      throw new StartError(
        `Molt-OS is already running on ${path} (process ${owner.pid}). Stop it, or set MOLT_DATA_DIR and MOLT_PORT_BASE to run a second copy.`,
      );
    }
  }
  await writeAtomically(file, { pid: process.pid, started: await startTime(process.pid) });
  return () => rm(file, { force: true });
}

/** Remembers the children, so that the next start can end what a killed supervisor left behind. */
export async function recordProcesses(path: string, pids: readonly number[]): Promise<void> {
  const running = await Promise.all(
    pids.filter((pid) => pid > 0).map(async (pid) => ({ pid, started: await startTime(pid) })),
  );
  await writeAtomically(join(path, "processes.json"), running);
}

/** Ends the children of a supervisor that was killed. Only processes that are provably ours. */
export async function endLeftovers(path: string): Promise<number> {
  const recorded = (await readRecord<Recorded[]>(join(path, "processes.json"))) ?? [];
  let ended = 0;
  for (const { pid, started } of recorded) {
    if (started === "" || !(await isRunning(pid, started))) continue;
    process.kill(pid, "SIGTERM");
    ended += 1;
    for (let waited = 0; waited < 100 && (await isRunning(pid, started)); waited += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (await isRunning(pid, started)) process.kill(pid, "SIGKILL");
  }
  return ended;
}

/** Made once, kept with the data: without them neither sessions nor stored tokens would survive a restart. */
export async function localSecrets(path: string): Promise<LocalSecrets> {
  const file = join(path, "secrets.json");
  const known = await readRecord<Partial<LocalSecrets>>(file);
  // Making new ones would lock the stored tokens away for ever.
  if (!known && existsSync(file))
    throw new StartError(
      `${file} cannot be read. Restore it from a backup, or remove the whole data folder to begin anew.`,
    );
  const random = (bytes: number) => randomBytes(bytes).toString("base64url");
  const made: LocalSecrets = {
    masterKey: randomBytes(32).toString("base64"),
    publishableKey: `sb_publishable_${random(16)}`,
    authSecretKey: `sb_secret_${random(24)}`,
    authHookSecret: `v1,whsec_${randomBytes(32).toString("base64")}`,
    stripeSecretKey: `sk_test_${randomBytes(16).toString("hex")}`,
    stripeWebhookSecret: `whsec_${random(24)}`,
    flyToken: `local-machines-${random(24)}`,
    demoModelKey: `demo-${random(24)}`,
  };
  // A folder of an earlier version lacks the secrets that came later.
  const secrets = { ...made, ...known };
  if (Object.keys(made).some((name) => !(known && name in known)))
    await writeAtomically(file, secrets, 0o600);
  return secrets;
}

async function readRecord<T>(file: string): Promise<T | undefined> {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(await readFile(file, "utf8")) as T; // written by this module alone
  } catch {
    return undefined; // cut short by a kill: as good as absent
  }
}

let writes = 0;

async function writeAtomically(file: string, value: unknown, mode = 0o644): Promise<void> {
  const beside = `${file}.${process.pid}.${(writes += 1)}.new`;
  await writeFile(beside, JSON.stringify(value), { mode });
  await rename(beside, file);
}
