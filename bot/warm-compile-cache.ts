/**
 * Boots a gateway once in a throw-away folder, so that Node keeps its six thousand modules compiled:
 * `node warm-compile-cache.ts <folder>`. Saves 3 to 4 CPU seconds of every later cold boot that reads
 * the same folder under the same Node version and user id. Run while the image is built.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { botFolders, gatewayEnv } from "./config-template.ts";
import { createLog } from "./log.ts";
import { openclawLauncher } from "./openclaw.ts";
import { watchReadiness } from "./readiness.ts";
import { readSettings } from "./settings.ts";
import { prepareStateFolder } from "./state-folder.ts";
import { supervise } from "./supervise.ts";

const BOOT_LIMIT_MS = 180_000;

const model = {
  id: "none",
  name: "None",
  api: "anthropic-messages",
  contextWindow: 1,
  maxTokens: 1,
  input: ["text"],
  cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Listening on a port gives an AddressInfo.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function warm(cacheDir: string): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "molt-warm-"));
  const settings = readSettings({
    MOLT_BOT_ID: "warm-up",
    MOLT_GATEWAY_TOKEN: crypto.randomUUID(),
    MOLT_MODEL_KEY: crypto.randomUUID(),
    MOLT_MODEL_URL: "http://127.0.0.1:9",
    MOLT_MODEL: JSON.stringify(model),
    MOUNT_DATA: dataDir,
    COMPILE_CACHE_DIR: cacheDir,
    GATEWAY_PORT: String(await freePort()),
  });
  const log = createLog((line) => process.stderr.write(line), [settings.gatewayToken, settings.modelKey]);
  const warmed = Promise.withResolvers<void>();
  const gateway = supervise({
    gateway: [process.execPath, openclawLauncher(), "gateway", "run"],
    doctor: [process.execPath, openclawLauncher(), "doctor", "--fix", "--yes", "--non-interactive"],
    env: gatewayEnv(settings, process.execPath),
    cwd: botFolders(dataDir).workspace,
    log,
    onStart: (generation) => readiness.start(generation),
  });
  const readiness = watchReadiness({
    gatewayPort: settings.gatewayPort,
    token: settings.gatewayToken,
    process: gateway,
    log,
    warmUp: true,
    onWarm: warmed.resolve,
  });
  const limit = setTimeout(() => warmed.reject(new Error("the gateway did not come up")), BOOT_LIMIT_MS);
  try {
    await prepareStateFolder(settings);
    gateway.start();
    const gaveUp = gateway.ended.then(() => Promise.reject(new Error("the gateway does not stay up")));
    await Promise.race([warmed.promise, gaveUp]);
  } finally {
    clearTimeout(limit);
    readiness.stop();
    // Node writes the cache when a process ends by itself: SIGTERM, and time to finish.
    await gateway.stop(30_000);
    await rm(dataDir, { recursive: true, force: true });
  }
}

const [folder] = process.argv.slice(2);
if (folder === undefined || !path.isAbsolute(folder))
  throw new Error("usage: node warm-compile-cache.ts <absolute folder>");
await warm(folder);
