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

/** The first of 13 ports in a row that are free now, as one copy needs them, away from the default ones. */
export async function freeBlock(): Promise<number> {
  for (let base = 12_000 + Math.floor(Math.random() * 40) * 400; base < 30_000; base += 400) {
    const ports = Array.from({ length: 13 }, (_, offset) => base + offset);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
  throw new Error("No 13 free ports in a row.");
}
