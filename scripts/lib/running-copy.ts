/** Starts a whole Molt-OS of its own, as a newcomer would, on other ports and in another folder. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freeBlock } from "./ports.ts";
import { root } from "./web-build.ts";

export interface Ready {
  urls: { landing: string; app: string; api: string; mail: string; checkout: string };
  pids: Record<string, number>;
  dataDir: string;
}

export interface RunningCopy extends Ready {
  /** From the command to the ready line. */
  startMs: number;
  /** Ends it; keeps the data when asked to. */
  stop(options?: { keepData?: boolean }): Promise<void>;
}

const START_TIMEOUT_MS = 10 * 60_000;

export interface CopyOptions {
  env?: Record<string, string>;
  /** Continue with the data of an earlier copy. */
  dataDir?: string;
}

export async function startCopy({ env = {}, dataDir }: CopyOptions = {}): Promise<RunningCopy> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), "molt-copy-")));
  const began = performance.now();
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(root, "scripts/start.ts"), "--json"],
    {
      cwd: root,
      env: { ...process.env, MOLT_DATA_DIR: folder, MOLT_PORT_BASE: String(await freeBlock()), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-6000)));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ready = await new Promise<Ready>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`Molt-OS was not ready in time:\n${said}`)),
      START_TIMEOUT_MS,
    );
    void exited.then(() => reject(new Error(`Molt-OS ended while starting:\n${said}`)));
    createInterface(child.stdout).once("line", (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line) as Ready); // scripts/start.ts prints exactly this
    });
  });
  return {
    ...ready,
    startMs: performance.now() - began,
    async stop({ keepData = false } = {}) {
      if (child.exitCode === null) child.kill("SIGTERM");
      await exited;
      if (!keepData && !dataDir) await rm(folder, { recursive: true, force: true });
    },
  };
}
