import path from "node:path";
import { fileURLToPath } from "node:url";

/** OpenClaw's launcher beside the package's main file, wherever npm has put the package. */
export function openclawLauncher(): string {
  return path.resolve(path.dirname(fileURLToPath(import.meta.resolve("openclaw"))), "..", "openclaw.mjs");
}
