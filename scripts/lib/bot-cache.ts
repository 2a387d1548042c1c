import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./web-build.ts";

const { dependencies } = JSON.parse(readFileSync(join(root, "bot/package.json"), "utf8")) as {
  dependencies: { openclaw: string };
};

/**
 * Where Node keeps OpenClaw's six thousand modules compiled, for all bots of this checkout. They are
 * processes of one user here and not walled off from each other anyway; at Fly each image has its own.
 */
export const BOT_CACHE = join(root, ".cache", "bots", `${process.version}-${dependencies.openclaw}`);
