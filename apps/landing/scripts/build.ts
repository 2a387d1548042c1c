/**
 * Builds the pages into out/: `node apps/landing/scripts/build.ts`. Needs no network. Next does the
 * work; afterwards each page gets its Content-Security-Policy. site.config.ts lists the variables.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { buildEnvironment } from "../site.config.ts";
import { securePages } from "./content-security.ts";

const here = path.join(import.meta.dirname, "..");
const next = createRequire(import.meta.url).resolve("next/dist/bin/next");

const child = spawn(process.execPath, [next, "build"], {
  cwd: here,
  stdio: "inherit",
  env: buildEnvironment,
});
const [code] = await once(child, "exit");
if (code === 0) process.stdout.write(`${await securePages(path.join(here, "out"))} pages secured\n`);
else process.exitCode = 1;
