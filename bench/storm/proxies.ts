/** A proxy process that is always there, or soon again: killed without warning, replaced by a spare. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const MAIN = join(import.meta.dirname, "../../apps/api/src/models/testing/proxy-process.ts");

/** A database that was killed is back within seconds; an attempt takes half a second. */
const MAX_STARTS = 40;

interface Proxy {
  child: ChildProcess;
  url: string;
}

export class Proxies {
  readonly #env: Record<string, string>;
  #current: Promise<Proxy>;
  #spare: Promise<Proxy>;
  kills = 0;

  constructor(env: Record<string, string>) {
    this.#env = env;
    this.#current = this.#start();
    this.#spare = this.#start();
  }

  /** Where to call now. Waits for the next one when the last was killed. */
  async url(): Promise<string> {
    return (await this.#current).url;
  }

  /** SIGKILL, and the spare takes over. */
  async kill(): Promise<void> {
    const { child } = await this.#current;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    this.kills += 1;
    this.#current = this.#spare;
    this.#spare = this.#start();
  }

  /** Lets what runs end, as an ordinary stop does. */
  async stop(): Promise<void> {
    for (const starting of [this.#current, this.#spare]) {
      const { child } = await starting;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    }
  }

  async #start(): Promise<Proxy> {
    let said = "";
    // It cannot start while the database is away; then the next attempt can.
    for (let attempt = 0; attempt < MAX_STARTS; attempt += 1) {
      const child = spawn(process.execPath, [MAIN], { env: this.#env, stdio: ["ignore", "pipe", "pipe"] });
      child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)));
      const lines = createInterface(child.stdout);
      const line = await Promise.race([
        once(lines, "line").then(([text]) => String(text)),
        once(child, "exit").then(() => undefined),
      ]);
      if (line !== undefined) return { child, url: (JSON.parse(line) as { url: string }).url };
    }
    throw new Error(`The proxy does not start: ${said}`);
  }
}
