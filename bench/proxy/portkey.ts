/**
 * The peer: @portkey-ai/gateway, which is not among the packages of this repository. It is installed
 * from the npm registry into a folder of its own under the system's temporary folder on first use.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../scripts/lib/ports.ts";
import { type Part, spawnNode } from "./part.ts";

const VERSION = "1.15.2";
const FOLDER = join(tmpdir(), `molt-bench-portkey-${VERSION}`);
const SERVER = join(FOLDER, "node_modules/@portkey-ai/gateway/build/start-server.js");
const INSTALL_MS = 60_000;
const START_MS = 20_000;

/** @returns why it cannot be had, or undefined when it is there. Installs with scripts off. */
export async function installPortkey(say: (line: string) => void): Promise<string | undefined> {
  if (existsSync(SERVER)) return undefined;
  say(`installing @portkey-ai/gateway@${VERSION} from the npm registry into ${FOLDER}, once`);
  await mkdir(FOLDER, { recursive: true });
  const args = ["install", "--prefix", FOLDER, "--ignore-scripts", "--no-audit", "--no-fund"];
  const npm = spawn("npm", [...args, `@portkey-ai/gateway@${VERSION}`], {
    stdio: ["ignore", "ignore", "pipe"],
    timeout: INSTALL_MS,
  });
  let errors = "";
  npm.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = await once(npm, "close").catch((error: unknown) => [String(error)]);
  if (code === 0 && existsSync(SERVER)) return undefined;
  return errors.trim().split("\n")[0] ?? `npm ended with ${String(code)}`;
}

/** What a client sends so that Portkey asks our origin. */
export function portkeyHeaders(originUrl: string, key: string): Record<string, string> {
  return {
    "x-api-key": key,
    authorization: `Bearer ${key}`,
    "x-portkey-provider": "anthropic",
    "x-portkey-custom-host": `${originUrl}/v1`,
  };
}

export async function startPortkey(core?: number): Promise<Part> {
  const port = await freePort();
  const preload = new URL("portkey-preload.ts", import.meta.url).pathname;
  const child = spawnNode(SERVER, {
    env: { NODE_ENV: "production" },
    flags: ["--import", preload],
    args: [`--port=${port}`, "--headless"],
    ...(core === undefined ? {} : { core }),
  });
  child.stdout?.resume();
  const url = `http://127.0.0.1:${port}`;
  const until = performance.now() + START_MS;
  while (
    !(await fetch(url).then(
      () => true,
      () => false,
    ))
  ) {
    if (performance.now() > until || child.exitCode !== null) throw new Error("Portkey did not start");
    await delay(50);
  }
  return { child, url };
}
