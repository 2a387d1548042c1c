/**
 * The model stand-in as a process. Environment:
 * PORT (0 = any free), DELAY_MS between tokens (30), API_KEY (the one accepted key; unset accepts
 * any), DATA_DIR (where truth.jsonl is kept; unset keeps it in memory), CONTROL=1 (opens
 * POST /__control and GET /__truth, for tests).
 */
import type { AddressInfo } from "node:net";
import { createStandIn } from "./server.ts";
import { TruthLog } from "./truth.ts";

const { env } = process;
const truth = await TruthLog.open(env["DATA_DIR"]);
const server = createStandIn({
  delayMs: wholeNumber("DELAY_MS", 30),
  apiKey: env["API_KEY"],
  control: env["CONTROL"] === "1",
  truth,
  log: (line) => process.stderr.write(`${line}\n`),
});

server.listen(wholeNumber("PORT", 0), "127.0.0.1", () => {
  // A listening TCP server has an AddressInfo, never a pipe's name.
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ ready: true, url: `http://127.0.0.1:${port}` })}\n`);
});
server.on("error", (error) => {
  process.stderr.write(`models: ${error.message}\n`);
  process.exitCode = 1;
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    server.close(() => void truth.close());
    server.closeAllConnections();
  });
}

function wholeNumber(name: string, otherwise: number): number {
  const text = env[name];
  if (text === undefined || text === "") return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number, got ${JSON.stringify(text)}`);
  return Number(text);
}
