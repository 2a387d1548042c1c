/**
 * `npm test`: checks, then unit and integration tests on a real Postgres and the real stand-ins, then
 * journeys in a real Chromium. `npm test -- <files or patterns>` runs only the node tests named.
 * The last line counts them all.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checks, runChecks } from "./lib/checks.ts";
import { run } from "./lib/run.ts";
import { startTestDatabase } from "./lib/test-cluster.ts";
import { buildSite, root, sites } from "./lib/web-build.ts";

interface Count {
  passed: number;
  failed: number;
}

/** Everything beside the code, except what needs the built sites or boots the real bot. */
const unitFiles = [
  "packages/**/*.test.ts",
  "apps/api/**/!(*.real).test.ts",
  "apps/app/src/**/*.test.ts",
  "local/**/*.test.ts",
  "bot/**/!(*.real).test.ts",
  "scripts/**/*.test.ts",
  "bench/**/*.test.ts",
];

/** Each boots OpenClaw once: ten to twenty seconds of a core. */
const realBotFiles = ["bot/**/*.real.test.ts", "apps/api/**/*.real.test.ts"];

const total: Count = { passed: 0, failed: 0 };
/** Told to stop: what runs is ended, what was started is taken down, and nothing more begins. */
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stopping.abort());
const { signal } = stopping;
const asked = process.argv.slice(2);
const work = await mkdtemp(join(tmpdir(), "molt-tests-"));

try {
  if (asked.length > 0) {
    await onDatabase((env) => nodeTests(asked, env));
  } else {
    const failed = await runChecks(checks);
    add({ passed: checks.length - failed.length, failed: failed.length });
    await section("unit and integration", () => onDatabase((env) => nodeTests(unitFiles, env)));
    await section("components", components);
    await section("the two sites", builtSites);
    await section("the real bot", () => onDatabase((env) => nodeTests(realBotFiles, env)));
    await section("journeys in Chromium", journeys);
  }
} finally {
  await rm(work, { recursive: true, force: true });
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;

function add(count: Count): void {
  total.passed += count.passed;
  total.failed += count.failed;
}

async function section(name: string, body: () => Promise<void>): Promise<void> {
  if (signal.aborted) return add({ passed: 0, failed: 1 });
  console.log(`\n── ${name}`);
  const began = performance.now();
  try {
    await body();
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
    add({ passed: 0, failed: 1 });
  }
  console.log(`   ${((performance.now() - began) / 1000).toFixed(0)} s`);
}

async function onDatabase(body: (env: Record<string, string>) => Promise<void>): Promise<void> {
  const cluster = await startTestDatabase(work);
  try {
    await body({ TEST_DATABASE_URL: cluster.url });
  } finally {
    await cluster.stop();
  }
}

async function nodeTests(patterns: readonly string[], env: Record<string, string>): Promise<void> {
  const { ok, output } = await run(
    [
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      "--test",
      "--test-concurrency=2",
      "--test-timeout=120000",
      "--test-reporter=spec",
      ...patterns,
    ],
    { env: { ...env, NODE_COMPILE_CACHE: join(root, ".cache", "compile") }, live: true, signal },
  );
  const count = {
    passed: numberAfter(output, "pass"),
    failed: numberAfter(output, "fail") + numberAfter(output, "cancelled"),
  };
  if (!ok && count.failed === 0) count.failed = 1;
  if (ok && count.passed === 0) throw new Error(`No test ran for ${patterns.join(" ")}.`);
  add(count);
}

function numberAfter(output: string, word: string): number {
  return Number(output.match(new RegExp(`^ℹ ${word} (\\d+)$`, "m"))?.[1] ?? 0);
}

async function components(): Promise<void> {
  const report = join(work, "vitest.json");
  await run(["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`], {
    cwd: join(root, "apps/app"),
    live: true,
    signal,
  });
  const { numPassedTests, numFailedTests } = JSON.parse(await readFile(report, "utf8")) as Record<
    string,
    number
  >; // vitest's own report
  add({ passed: numPassedTests ?? 0, failed: numFailedTests ?? 1 });
}

async function builtSites(): Promise<void> {
  for (const site of sites) await buildSite(site, (line) => console.log(`   ${line}`));
  await nodeTests(["apps/landing/test/**/*.test.ts"], {});
}

async function journeys(): Promise<void> {
  const report = join(work, "playwright.json");
  await run(["playwright", "test", "--config", "e2e/playwright.config.ts"], {
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: report, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1" },
    live: true,
    signal,
  });
  const { stats } = JSON.parse(await readFile(report, "utf8")) as {
    stats: { expected: number; unexpected: number; flaky: number };
  }; // Playwright's own report
  add({ passed: stats.expected, failed: stats.unexpected + stats.flaky });
}
