/** Starts a stand-in as the process it is, so that tests reach it by wire alone. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const readyLine = z.looseObject({ ready: z.literal(true), url: z.string() });

export interface StandIn {
  url: string;
  /** The whole ready line: further addresses, the chosen driver. */
  ready: Record<string, unknown>;
  pid: number;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;

/** @param name folder under local/: auth, stripe, machines, models or mail. Ends with the test. */
export async function startStandIn(
  t: TestContext,
  name: string,
  env: Record<string, string> = {},
): Promise<StandIn> {
  const main = fileURLToPath(new URL(`../../../../local/${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env["PATH"] ?? "", PORT: "0", CONTROL: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exited;
  };
  t.after(stop);
  const ready = await new Promise<z.infer<typeof readyLine>>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`local/${name} did not get ready: ${said}`)),
      START_TIMEOUT_MS,
    );
    void exited.then(() => reject(new Error(`local/${name} ended while starting: ${said}`)));
    createInterface(child.stdout).once("line", (line) => {
      clearTimeout(timer);
      resolve(readyLine.parse(JSON.parse(line)));
    });
  });
  return { url: ready.url, ready, pid: child.pid ?? 0, stop };
}
