/**
 * A throw-away Postgres for tests run by hand: prints the line to export and keeps running until
 * it is ended. `npm test` starts its own.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestDatabase } from "./lib/test-cluster.ts";

const dataDir = await mkdtemp(join(tmpdir(), "molt-test-"));
const cluster = await startTestDatabase(dataDir);
console.log(`export TEST_DATABASE_URL='${cluster.url}'`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void cluster.stop().then(() => rm(dataDir, { recursive: true, force: true }));
  });
}
