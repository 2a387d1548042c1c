/**
 * `npm run bench -- lighthouse`: Google's Lighthouse on the built pages of a running copy, with its
 * own mobile profile (a mid-range phone on slow 4G, simulated). Each page several times: performance
 * depends on what else the machine does, so the median is the figure and the spread stands beside it.
 * Ends with 1 when the landing's home page misses its aims.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromiumFlags, findChromium } from "../scripts/lib/chromium.ts";
import type { RunningCopy } from "../scripts/lib/running-copy.ts";
import { installPeer, peerFile } from "./peer.ts";

/** What the figures of section 5 of the front end's reference were taken with. */
const LIGHTHOUSE = { name: "lighthouse", version: "13.5.0", file: "cli/index.js" };
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"] as const;
const RUNS = 5;
const ATTEMPTS = 3;
const RUN_MS = 120_000;

type Category = (typeof CATEGORIES)[number];

/** One run over one page. */
export interface PageRun {
  /** 0 to 100. */
  scores: Record<Category, number>;
  firstPaintMs: number;
  largestPaintMs: number;
  blockingMs: number;
  shift: number;
  /** Bytes of script that came over the line, compressed. */
  scriptBytes: number;
  /** The element that was painted largest, as HTML. */
  largest: string;
  /** Audits that cost points outside of performance. */
  missed: string[];
}

/** The part of Lighthouse's report that is read here. */
interface Report {
  runtimeError?: { message: string };
  categories: Record<Category, { score: number | null; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<
    string,
    { score: number | null; numericValue?: number; details?: { items?: ReportItem[] } } | undefined
  >;
}

interface ReportItem {
  node?: { snippet?: string };
  items?: ReportItem[];
  resourceType?: string;
  transferSize?: number;
}

/** Measures the public pages and the app's first; the landing's home page is what the aims are for. */
export async function benchLighthouse({ urls }: RunningCopy, say: (line: string) => void): Promise<boolean> {
  const missing = await installPeer(LIGHTHOUSE, say);
  if (missing !== undefined) throw new Error(`Lighthouse cannot be installed: ${missing}`);
  const home = await measure(urls.landing, RUNS, say);
  for (const path of ["/de", "/pricing", "/security", "/changelog", "/status"])
    await measure(`${urls.landing}${path}`, 1, say);
  await measure(`${urls.app}/sign-in`, RUNS, say);
  const misses = missedAims(home);
  say(misses.length === 0 ? "the home page meets every aim" : `missed: ${misses.join("; ")}`);
  return misses.length === 0;
}

/** Aims of the landing's home page: Lighthouse 95/100/100/100, 170 kB of script, no shift. */
function missedAims(runs: readonly PageRun[]): string[] {
  const worst = (category: Category) => Math.min(...runs.map(({ scores }) => scores[category]));
  const missed = CATEGORIES.filter((category) => category !== "performance" && worst(category) < 100).map(
    (category) => `${category} ${worst(category)} of 100`,
  );
  const performance = median(runs.map(({ scores }) => scores.performance));
  if (performance < 95) missed.push(`performance ${performance} of 95`);
  const script = Math.max(...runs.map(({ scriptBytes }) => scriptBytes));
  if (script > 170_000) missed.push(`${script} bytes of script of 170,000`);
  if (runs.some(({ shift }) => shift > 0)) missed.push("something shifts");
  return missed;
}

async function measure(url: string, times: number, say: (line: string) => void): Promise<PageRun[]> {
  const runs: PageRun[] = [];
  for (let at = 0; at < times; at += 1) runs.push(await runWithPatience(url, say));
  say(`${new URL(url).host}${new URL(url).pathname}`);
  const scores = (category: Category) => runs.map((run) => run.scores[category]);
  say(`  ${CATEGORIES.map((category) => `${category} ${spread(scores(category))}`).join(", ")}`);
  const ms = (read: (run: PageRun) => number) => `${spread(runs.map((run) => Math.round(read(run))))} ms`;
  say(
    `  first paint ${ms((run) => run.firstPaintMs)}, largest ${ms((run) => run.largestPaintMs)}, blocked ${ms((run) => run.blockingMs)}, shift ${spread(runs.map(({ shift }) => shift))}, script ${spread(runs.map(({ scriptBytes }) => Math.round(scriptBytes / 1000)))} kB`,
  );
  const [first] = runs;
  if (first) say(`  largest: ${first.largest.slice(0, 100)}`);
  const missed = [...new Set(runs.flatMap((run) => run.missed))];
  if (missed.length > 0) say(`  points lost by: ${missed.join(", ")}`);
  return runs;
}

/** Now and then a browser that was just started drops its first navigation (net::ERR_ABORTED). */
async function runWithPatience(url: string, say: (line: string) => void): Promise<PageRun> {
  for (let left = ATTEMPTS - 1; ; left -= 1) {
    try {
      return await runOnce(url);
    } catch (error) {
      if (left === 0) throw error;
      say(
        `again, because Lighthouse broke off: ${(error as Error).message.split("\n").at(-1)?.slice(0, 200)}`,
      );
    }
  }
}

/** @throws {Error} when Lighthouse could not finish, with its own words. */
async function runOnce(url: string): Promise<PageRun> {
  const folder = await mkdtemp(join(tmpdir(), "molt-lighthouse-"));
  try {
    const file = join(folder, "report.json");
    const chromium = await findChromium();
    const flags = ["--headless=new", ...chromiumFlags].join(" ");
    const args = [url, "--quiet", "--output=json", `--output-path=${file}`, `--chrome-flags=${flags}`];
    const child = spawn(
      process.execPath,
      [peerFile(LIGHTHOUSE), ...args, "--no-enable-error-reporting", "--max-wait-for-load=45000"],
      {
        env: { ...process.env, ...chromium.env, CHROME_PATH: chromium.path },
        stdio: ["ignore", "ignore", "pipe"],
        timeout: RUN_MS,
      },
    );
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2_000)));
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`Lighthouse ended with ${code} on ${url}:\n${errors.trim()}`);
    return readReport(JSON.parse(await readFile(file, "utf8")) as Report); // Lighthouse's own report
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readReport({ runtimeError, categories, audits }: Report): PageRun {
  if (runtimeError) throw new Error(runtimeError.message);
  const value = (id: string) => audits[id]?.numericValue ?? Number.NaN;
  const scored = (category: Category) => Math.round((categories[category].score ?? Number.NaN) * 100);
  const resources = audits["network-requests"]?.details?.items ?? [];
  const missed = CATEGORIES.filter((category) => category !== "performance").flatMap((category) =>
    categories[category].auditRefs
      .filter(({ id, weight }) => weight > 0 && (audits[id]?.score ?? 1) < 1)
      .map(({ id }) => id),
  );
  return {
    scores: Object.fromEntries(CATEGORIES.map((category) => [category, scored(category)])) as Record<
      Category,
      number
    >, // every category is a key
    firstPaintMs: value("first-contentful-paint"),
    largestPaintMs: value("largest-contentful-paint"),
    blockingMs: value("total-blocking-time"),
    shift: value("cumulative-layout-shift"),
    scriptBytes: resources
      .filter(({ resourceType }) => resourceType === "Script")
      .reduce((sum, { transferSize = 0 }) => sum + transferSize, 0),
    largest: snippetIn(audits["lcp-breakdown-insight"]?.details?.items ?? []) ?? "(not told)",
    missed,
  };
}

/** The element's HTML stands somewhere in a list of tables. */
function snippetIn(items: readonly ReportItem[]): string | undefined {
  for (const item of items) {
    const found = item.node?.snippet ?? ("snippet" in item ? String(item.snippet) : undefined);
    if (found !== undefined) return found;
    const inner = snippetIn(item.items ?? []);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** `98 (97–99)`, or one figure where all are alike. */
function spread(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? `${least}` : `${median(values)} (${least}–${most})`;
}
