/** Whether this computer could isolate bots with bubblewrap, and if not, why not. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface IsolationProbe {
  bubblewrap: boolean;
  reason: string;
}

export async function probeIsolation(): Promise<IsolationProbe> {
  if (process.platform !== "linux")
    return { bubblewrap: false, reason: `bubblewrap needs Linux, this is ${process.platform}` };
  const args = [
    "--unshare-all",
    "--die-with-parent",
    "--ro-bind",
    "/",
    "/",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "true",
  ];
  try {
    await promisify(execFile)("bwrap", args, { timeout: 5000 });
    return { bubblewrap: true, reason: "bubblewrap works here, but this host does not use it" };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { bubblewrap: false, reason: text.split("\n").slice(-2).join(" ").trim().slice(0, 300) };
  }
}
