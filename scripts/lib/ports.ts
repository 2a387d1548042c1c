/** Ports: found free, or taken with the name of who asked for them. */
import { createServer } from "node:net";

/** Above this lies the range from which the system hands out its own (EADDRINUSE with nobody listening). */
const EPHEMERAL = 32_768;

export async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A free port below the ephemeral range. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * (EPHEMERAL - 20_000));
    if (await isFree(port)) return port;
  }
  throw new Error("No free port between 20000 and 32767.");
}
