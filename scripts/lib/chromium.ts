/**
 * Finds a Chromium: CHROME_PATH (a file, or "npm"), the system's own, or the one from npm. The npm build brings its own
 * libraries, but changes its process's environment while unpacking, so that happens in a child.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./run.ts";
import { root } from "./web-build.ts";

export interface Chromium {
  path: string;
  /** Needed by the npm build to find its libraries; empty for the others. */
  env: Record<string, string>;
}

/** Ours, never the npm package's own: those switch web security off and hide CORS mistakes. */
export const chromiumFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--font-render-hinting=none",
];

const SYSTEM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export async function findChromium(): Promise<Chromium> {
  const given = process.env["CHROME_PATH"];
  if (given === "npm") return unpack();
  if (given) return { path: given, env: {} };
  const installed = SYSTEM.find((path) => existsSync(path));
  if (installed) return { path: installed, env: {} };
  return unpack();
}

const UNPACK = `
  const { default: chromium } = await import("@sparticuz/chromium");
  const path = await chromium.executablePath();
  const { LD_LIBRARY_PATH, FONTCONFIG_PATH } = process.env;
  console.log(JSON.stringify({ path, env: { LD_LIBRARY_PATH, FONTCONFIG_PATH } }));
`;

/** Once per version: a folder of its own, because the package takes any file named chromium it finds. */
async function unpack(): Promise<Chromium> {
  const folder = join(root, ".cache", "chromium-147.0.0");
  await mkdir(folder, { recursive: true });
  const { ok, output } = await run([process.execPath, "--input-type=module", "-e", UNPACK], {
    // The package decides by this variable which libraries it unpacks; it must be set before the import.
    env: {
      TMPDIR: folder,
      AWS_LAMBDA_JS_RUNTIME: "nodejs22.x",
      FONTCONFIG_PATH: existsSync("/etc/fonts") ? "/etc/fonts" : "",
    },
  });
  if (!ok) throw new Error(`Chromium could not be unpacked:\n${output}`);
  const lines = output.trim().split("\n");
  const found = JSON.parse(lines.at(-1) ?? "") as Chromium; // printed by the lines above
  return {
    path: found.path,
    env: Object.fromEntries(Object.entries(found.env).filter(([, value]) => value)),
  };
}
