/** One whole Molt-OS for all journeys, ended after them. The journeys learn its addresses from the environment. */
import { startCopy } from "../scripts/lib/running-copy.ts";

export default async function globalSetup(): Promise<() => Promise<void>> {
  const copy = await startCopy({ env: { MOLT_LOG_LEVEL: "info" } });
  process.env["MOLT_E2E"] = JSON.stringify({ urls: copy.urls, pids: copy.pids, dataDir: copy.dataDir });
  return () => copy.stop();
}
