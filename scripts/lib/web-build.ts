/**
 * Builds the web app and the landing page once for each state of their sources. The finished pages
 * lie under `.cache/web/<name>/<hash>`; a second start with the same sources takes them from there.
 */
import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

export const root = dirname(dirname(import.meta.dirname));

interface Site {
  name: "app" | "landing";
  /** What the pages are made of, relative to the repository. */
  sources: string[];
  /** Where the tool leaves them. */
  output: string;
  command: string[];
  env: Record<string, string>;
}

const shared = ["packages/brand", "packages/contract/src", "package-lock.json"];

/**
 * What the landing's build is told about where it stands and who answers for it (apps/landing/site.config.ts).
 * On this machine api and app come from /config.json, and the address from LANDING_URL where one is set.
 */
function landingSettings(env: NodeJS.ProcessEnv): Record<string, string> {
  const given = {
    SITE_URL: env["SITE_URL"] || env["LANDING_URL"],
    LEGAL_NAME: env["LEGAL_NAME"],
    LEGAL_ADDRESS: env["LEGAL_ADDRESS"],
    LEGAL_EMAIL: env["LEGAL_EMAIL"],
  };
  const set = Object.entries(given).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return Object.fromEntries(set);
}

export const sites: readonly Site[] = [
  {
    name: "landing",
    sources: ["apps/landing", ...shared],
    output: "apps/landing/out",
    command: ["next", "build"],
    env: { NEXT_TELEMETRY_DISABLED: "1", ...landingSettings(process.env) },
  },
  {
    name: "app",
    sources: ["apps/app", ...shared],
    output: "apps/app/dist",
    command: ["expo", "export", "-p", "web", "--output-dir", "dist"],
    env: { EXPO_OFFLINE: "1", EXPO_NO_TELEMETRY: "1" },
  },
];

/** Made by tools, or not part of the pages. */
const SKIP = new Set(["node_modules", "out", "dist", ".next", ".expo", "test", "public/fonts"]);
const KEEP_BUILDS = 2;

/**
 * @param say one line of progress for the person who waits.
 * @returns the folder with the pages of this state of the sources.
 */
export async function buildSite(site: Site, say: (line: string) => void): Promise<string> {
  const hash = await hashSources(site);
  const cache = join(root, ".cache", "web", site.name);
  const folder = join(cache, hash);
  if (existsSync(join(folder, "complete"))) return join(folder, "pages");
  await mkdir(cache, { recursive: true });
  const release = await takeTurn(join(cache, "building"));
  try {
    if (existsSync(join(folder, "complete"))) return join(folder, "pages");
    say(`building the ${site.name}, once for this version (up to a minute)`);
    await copyFonts(site);
    await runTool(site);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await cp(join(root, site.output), join(folder, "pages"), { recursive: true });
    await compressAll(join(folder, "pages"));
    await writeFile(join(folder, "complete"), "");
    await dropOld(cache, hash);
  } finally {
    await release();
  }
  return join(folder, "pages");
}

async function hashSources(site: Site): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([site.command, site.env]));
  for (const source of site.sources) {
    for (const file of await listFiles(join(root, source))) {
      hash
        .update(relative(root, file))
        .update("\0")
        .update(await readFile(file))
        .update("\0");
    }
  }
  return hash.digest("hex").slice(0, 16);
}

async function listFiles(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOTDIR") return undefined;
    throw error;
  });
  if (!entries) return [path];
  const files: string[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = join(path, entry.name);
    const skipped =
      SKIP.has(entry.name) || /(\.test\.tsx?|\.tsbuildinfo)$|^(next-env|expo-env)\.d\.ts$/.test(entry.name);
    if (skipped || child.endsWith(join("public", "fonts")) || child.endsWith(join("public", "og.png")))
      continue;
    if (entry.isDirectory()) files.push(...(await listFiles(child)));
    else if (entry.isFile()) files.push(child);
  }
  return files;
}

/** One copy of the fonts in the repository; each site serves its own. */
async function copyFonts(site: Site): Promise<void> {
  await cp(join(root, "packages/brand/fonts"), join(root, "apps", site.name, "public", "fonts"), {
    recursive: true,
  });
}

async function runTool(site: Site): Promise<void> {
  const [file = "", ...args] = site.command;
  const child = spawn(file, args, {
    cwd: join(root, "apps", site.name),
    env: { ...process.env, ...site.env, CI: "1", NODE_ENV: "production" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A start that is ended in the middle of a build takes the build with it.
  const end = () => child.kill();
  process.once("exit", end);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-6000)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  process.off("exit", end);
  if (code !== 0) throw new Error(`The ${site.name} could not be built:\n${output.trim()}`);
}

const COMPRESSIBLE = /\.(html|js|css|json|svg|txt|xml|map|webmanifest)$/;

/** Beside each text file its .br and .gz, so that serving costs no CPU. */
async function compressAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !COMPRESSIBLE.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const content = await readFile(file);
    if (content.length < 1024) continue;
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
    await writeFile(`${file}.br`, await promisify(brotliCompress)(content, quality));
    await writeFile(`${file}.gz`, await promisify(gzip)(content));
  }
}

async function dropOld(cache: string, current: string): Promise<void> {
  const builds = (await readdir(cache)).filter((name) => /^[0-9a-f]{16}$/.test(name) && name !== current);
  for (const build of builds.slice(0, Math.max(0, builds.length - (KEEP_BUILDS - 1)))) {
    await rm(join(cache, build), { recursive: true, force: true });
  }
}

/** Two starts of one checkout share the tool's output folder: one builds, the other waits and finds it done. */
async function takeTurn(lock: string): Promise<() => Promise<void>> {
  for (;;) {
    const claim = `${lock}.${process.pid}`;
    await mkdir(claim, { recursive: true });
    await writeFile(join(claim, "pid"), String(process.pid));
    const taken = await rename(claim, lock).then(
      () => true,
      () => false, // somebody holds it
    );
    if (taken) return () => rm(lock, { recursive: true, force: true });
    await rm(claim, { recursive: true, force: true });
    const owner = Number(await readFile(join(lock, "pid"), "utf8").catch(() => "0"));
    if (owner === 0 || !isAlive(owner)) await rm(lock, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // no such process, which is the answer
  }
}
