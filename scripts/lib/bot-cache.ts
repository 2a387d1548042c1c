import { readFileSync } from "node:fs";
import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./web-build.ts";

const { dependencies } = JSON.parse(readFileSync(join(root, "bot/package.json"), "utf8")) as {
  dependencies: { openclaw: string };
};

/**
 * Where Node keeps OpenClaw's six thousand modules compiled, for all bots of this checkout. A bot in a
 * room sees it read-only: what one bot could write there, the next would run. At Fly each image has
 * its own.
 */
export const BOT_CACHE = join(root, ".cache", "bots", `${process.version}-${dependencies.openclaw}`);

/** Node writes it for the one user who made it; every bot is a user of its own. It holds published code alone. */
export async function letBotsRead(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await letBotsRead(path);
    else await chmod(path, 0o644);
  }
}
