/**
 * Programs that are only measured with or against, and so are not among the packages of this
 * repository: installed from the npm registry into a folder of their own under the system's temporary
 * folder, on first use.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Peer {
  /** As the registry knows it. */
  name: string;
  version: string;
  /** The file to run, relative to the package. */
  file: string;
}

const INSTALL_MS = 180_000;

/** Where the file of a peer is once it is installed. */
export function peerFile({ name, version, file }: Peer): string {
  return join(folderOf({ name, version }), "node_modules", name, file);
}

/** @returns why it cannot be had, or undefined when it is there. Installs with scripts off. */
export async function installPeer(peer: Peer, say: (line: string) => void): Promise<string | undefined> {
  const file = peerFile(peer);
  if (existsSync(file)) return undefined;
  const folder = folderOf(peer);
  const wanted = `${peer.name}@${peer.version}`;
  say(`installing ${wanted} from the npm registry into ${folder}, once`);
  await mkdir(folder, { recursive: true });
  const args = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", wanted];
  const npm = spawn("npm", args, { stdio: ["ignore", "ignore", "pipe"], timeout: INSTALL_MS });
  let errors = "";
  npm.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = await once(npm, "close").catch((error: unknown) => [String(error)]);
  if (code === 0 && existsSync(file)) return undefined;
  return errors.trim().split("\n")[0] ?? `npm ended with ${String(code)}`;
}

function folderOf({ name, version }: Pick<Peer, "name" | "version">): string {
  return join(tmpdir(), `molt-bench-${name.replace(/\W+/g, "-").replace(/^-/, "")}-${version}`);
}
