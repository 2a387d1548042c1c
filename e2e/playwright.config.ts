import { defineConfig } from "@playwright/test";
import { chromiumFlags, findChromium } from "../scripts/lib/chromium.ts";

const chromium = await findChromium();

export default defineConfig({
  testDir: ".",
  testMatch: "*.e2e.ts",
  outputDir: "../.cache/e2e",
  // One running copy and two cores: the journeys follow one another.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 180_000,
  expect: { timeout: 15_000 },
  reporter: [["list"], ["json"]],
  globalSetup: "./global-setup.ts",
  use: {
    actionTimeout: 15_000,
    launchOptions: {
      executablePath: chromium.path,
      args: chromiumFlags,
      env: { ...process.env, ...chromium.env },
    },
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    video: "off",
  },
  projects: [{ name: "desktop", use: { viewport: { width: 1280, height: 800 } } }],
});
