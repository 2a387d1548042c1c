/** Runs a tool of the repository and says how it went. */
import { spawn } from "node:child_process";
import { root } from "./web-build.ts";

export interface Outcome {
  ok: boolean;
  output: string;
  seconds: number;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Print while it runs; otherwise only the caller sees the output. */
  live?: boolean;
  /** Ends it. */
  signal?: AbortSignal | undefined;
}

/** The command is looked up in node_modules/.bin first: bootstrap.mjs put it on the path. */
export async function run(
  command: readonly string[],
  { env = {}, cwd = root, live = false, signal }: RunOptions = {},
): Promise<Outcome> {
  const began = performance.now();
  const [file = "", ...args] = command;
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const end = () => child.kill("SIGTERM");
  signal?.addEventListener("abort", end, { once: true });
  let output = "";
  const keep = (chunk: Buffer) => {
    output += chunk.toString();
    if (live) process.stdout.write(chunk);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  signal?.removeEventListener("abort", end);
  return { ok: code === 0, output, seconds: (performance.now() - began) / 1000 };
}
