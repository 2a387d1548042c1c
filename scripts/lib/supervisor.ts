/**
 * Starts processes, waits until each is ready, restarts what dies, and ends all of them in order.
 * Every child runs in its own process group: Ctrl-C reaches this process alone, and the database is
 * not gone before the api has drained.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

export interface Service {
  name: string;
  command: string[];
  env: Record<string, string>;
  cwd: string;
  /** Answers once the service can be used; asked again until then. */
  ready: { kind: "line" } | { kind: "url"; url: string };
}

export interface RunningService {
  readonly name: string;
  readonly pid: number;
  /** The ready line of a stand-in, parsed; empty for the others. */
  readonly line: Record<string, unknown>;
}

const READY_TIMEOUT_MS = 60_000;
const KILL_AFTER_MS = 8_000;
/** Between restarts of a service that keeps dying. */
const RESTART_MS = [100, 500, 1000, 2000, 5000] as const;
/** A service that lived this long starts counting anew. */
const STABLE_MS = 30_000;

export class Supervisor {
  #services = new Map<string, Supervised>();
  #logDir: string;
  #onPids: () => void;

  /** @param onPids called whenever a process was started, so that the list on disk stays true. */
  constructor(logDir: string, onPids: () => void) {
    this.#logDir = logDir;
    this.#onPids = onPids;
  }

  /** Resolves when the service is ready; rejects with the end of its log when it does not get there. */
  async start(service: Service): Promise<RunningService> {
    const supervised = new Supervised(
      service,
      createWriteStream(join(this.#logDir, `${service.name}.log`), { flags: "a" }),
      this.#onPids,
    );
    this.#services.set(service.name, supervised);
    await supervised.start();
    return supervised;
  }

  pids(): Record<string, number> {
    return Object.fromEntries([...this.#services].map(([name, service]) => [name, service.pid]));
  }

  /** Ends the named services at the same time; SIGKILL for what has not gone after 8 s. */
  async stop(names: readonly string[]): Promise<void> {
    const known = names.flatMap((name) => this.#services.get(name) ?? []);
    await Promise.all(known.map((service) => service.stop()));
  }
}

class Supervised implements RunningService {
  readonly name: string;
  line: Record<string, unknown> = {};
  #service: Service;
  #log: WriteStream;
  #onPids: () => void;
  #child: ChildProcess | undefined;
  #stopping = false;
  #tail = "";
  #failures = 0;

  constructor(service: Service, log: WriteStream, onPids: () => void) {
    this.name = service.name;
    this.#service = service;
    this.#log = log;
    this.#onPids = onPids;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const began = performance.now();
    const { command, env, cwd } = this.#service;
    const [file = "", ...args] = command;
    const child = spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    const ended = new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(signal ?? `code ${code}`));
    });
    const firstLine = this.#record(child);
    this.#onPids();
    await this.#untilReady(ended, firstLine);
    void ended.then((how) => this.#restart(how, performance.now() - began));
  }

  #record(child: ChildProcess): Promise<string> {
    const keep = (chunk: Buffer) => {
      this.#tail = (this.#tail + chunk.toString()).slice(-2000);
      this.#log.write(chunk);
    };
    child.stderr?.on("data", keep);
    return new Promise((resolve) => {
      if (!child.stdout) return;
      const lines = createInterface(child.stdout);
      lines.once("line", resolve);
      lines.on("line", (line) => this.#log.write(`${line}\n`));
    });
  }

  async #untilReady(ended: Promise<string>, firstLine: Promise<string>): Promise<void> {
    const giveUp = AbortSignal.timeout(READY_TIMEOUT_MS);
    const died = ended.then((how) => {
      throw new Error(`${this.name} ended while starting (${how}). It said:\n${this.#tail.trim()}`);
    });
    died.catch(() => undefined); // reported through the race below, if it matters by then
    const { ready } = this.#service;
    const isReady =
      ready.kind === "line"
        ? firstLine.then((text) => void (this.line = parseLine(this.name, text)))
        : untilAnswers(ready.url, giveUp);
    const late = new Promise<never>((_, reject) => {
      giveUp.addEventListener("abort", () =>
        reject(new Error(`${this.name} was not ready after a minute. It said:\n${this.#tail.trim()}`)),
      );
    });
    await Promise.race([isReady, died, late]);
  }

  async #restart(how: string, livedMs: number): Promise<void> {
    if (this.#stopping) return;
    this.#failures = livedMs > STABLE_MS ? 0 : this.#failures + 1;
    process.stderr.write(`  ${this.name} ended (${how}); starting it again\n`);
    await delay(RESTART_MS[Math.min(this.#failures, RESTART_MS.length - 1)]);
    if (this.#stopping) return;
    await this.start().catch((error: Error) => {
      process.stderr.write(`  ${error.message.split("\n")[0]} Its log is in logs/${this.name}.log.\n`);
      return this.#restart("not ready", 0);
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
    await gone;
    clearTimeout(timer);
  }
}

function parseLine(name: string, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>; // the stand-ins' convention; read field by field
  } catch (cause) {
    throw new Error(`${name} did not print its ready line but: ${text.slice(0, 200)}`, { cause });
  }
}

async function untilAnswers(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]) }).catch(
      () => undefined,
    ); // not up yet
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await delay(50);
  }
}
