/** A pair of free ports per machine: its door and its gateway. Below 32768, where Linux hands out none. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const last = 32_767;

export class PortPairs {
  readonly #base: number;
  readonly #held = new Set<number>();
  #next: number;

  constructor(base: number | undefined) {
    this.#base = base ?? 20_000 + 2 * randomInt(0, 5000);
    this.#next = this.#base;
  }

  /** The lower number of the pair; the other one is the next. */
  async take(): Promise<number> {
    for (let tried = 0; tried < 2000; tried += 1) {
      const port = this.#next;
      this.#next = port + 3 > last ? this.#base : port + 2;
      if (this.#held.has(port)) continue;
      this.#held.add(port);
      if ((await isFree(port)) && (await isFree(port + 1))) return port;
      this.#held.delete(port);
    }
    throw new Error(`no free pair of ports from ${this.#base}`);
  }

  hold(port: number): void {
    this.#held.add(port);
  }

  release(port: number): void {
    this.#held.delete(port);
  }
}

/** On both loopbacks: a gateway binds 127.0.0.1 and ::1. */
async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, "127.0.0.1")) && (await canListen(port, "::1"));
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => {
      // A system without IPv6 has nobody there either.
      resolve("code" in error && (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT"));
    });
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
