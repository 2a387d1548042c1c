/**
 * One whole Molt-OS for all journeys, ended after them. The journeys learn its addresses from the
 * environment; where MOLT_E2E is set already (the line of `npm start -- --json`), that copy is used.
 */
import { startCopy } from "../scripts/lib/running-copy.ts";

export default async function globalSetup(): Promise<() => Promise<void>> {
  if (process.env["MOLT_E2E"]) return async () => undefined;
  const copy = await startCopy({ env: { MOLT_LOG_LEVEL: "info" } });
  process.env["MOLT_E2E"] = JSON.stringify({ urls: copy.urls, pids: copy.pids, dataDir: copy.dataDir });
  return () => copy.stop();
}
