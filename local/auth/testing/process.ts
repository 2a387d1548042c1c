/** Starts a stand-in as the process it is: tests reach it by wire alone. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Running {
  ready: Record<string, unknown>;
  url: string;
  /** Everything it wrote to stderr: where no secret may be. */
  log(): string;
  /** Answers the exit code, or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string | null>;
}

/** @throws with the stand-in's own words when it ends before it is ready. */
export async function startProcess(name: string, env: Record<string, string>): Promise<Running> {
  const main = fileURLToPath(new URL(`../../${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env["PATH"] ?? "", PORT: "0", CONTROL: "1", LOG_LEVEL: "debug", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const exited = once(child, "exit");
  const line = await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(([code]) => {
      throw new Error(`local/${name} ended with ${String(code)}: ${said}`);
    }),
  ]);
  const ready: unknown = JSON.parse(String(line[0]));
  if (typeof ready !== "object" || ready === null || !("url" in ready) || typeof ready.url !== "string") {
    throw new Error(`local/${name} printed no address: ${String(line[0])}`);
  }
  return {
    ready: { ...ready },
    url: ready.url,
    log: () => said,
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
      return child.exitCode ?? child.signalCode;
    },
  };
}
