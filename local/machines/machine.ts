/**
 * One machine: its record, its process tree and the states it may pass through.
 * A request changes the state at once and answers; the work follows in the machine's own queue, one
 * task at a time, and each task looks again whether it is still wanted. So a start during a suspend
 * cancels it, and a stop during a start wins.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Changes } from "./changes.ts";
import { durationMs } from "./durations.ts";
import { precondition } from "./fly-error.ts";
import { goingUp, startable, stopSignal, unable } from "./machine-rules.ts";
import {
  endedByItself,
  exitEvent,
  remember,
  restartDelayMs,
  stoppedByUs,
  type ExitFacts,
} from "./machine-events.ts";
import { ulid } from "./ids.ts";
import type { Exit, Running } from "./process-driver.ts";
import type { MachineParts } from "./machine-parts.ts";
import type { MachineConfig, MachineEvent, MachineRecord, MachineState } from "./types.ts";

export class Machine {
  readonly record: MachineRecord;
  readonly #parts: MachineParts;
  readonly #changes = new Changes();
  #running: Running | undefined;
  #queue: Promise<void> = Promise.resolve();
  #saving: Promise<void> = Promise.resolve();
  #closing = false;

  constructor(record: MachineRecord, parts: MachineParts) {
    this.record = record;
    this.#parts = parts;
  }

  /** Answers the state it had. A running machine is left alone; one in suspension goes on. */
  async start(): Promise<MachineState> {
    const previous = this.record.state;
    if (previous === "started" || goingUp.has(previous)) return previous;
    if (!startable.has(previous)) throw unable("start", previous);
    await this.#accept("starting", "start", () => this.#bringUp());
    return previous;
  }

  async stop(options: { signal?: string; timeoutMs?: number } = {}): Promise<void> {
    const { state, config } = this.record;
    if (state === "destroying" || state === "destroyed") throw unable("stop", state);
    if (["stopped", "stopping", "created", "failed"].includes(state)) return;
    const signal = stopSignal(options.signal ?? config.stop_config?.signal);
    const timeoutMs = options.timeoutMs ?? durationMs(config.stop_config?.timeout ?? "5s") ?? 5000;
    // A frozen tree cannot hear a signal: dropping its snapshot means killing it.
    const frozen = this.#wantsSleep();
    await this.#accept("stopping", "stop", async () => {
      const exit = await this.#bringDown({ signal, timeoutMs: frozen ? 0 : timeoutMs });
      if (this.record.state === "stopping") await this.#to("stopped", stoppedByUs(exit, "user"));
    });
  }

  async suspend(): Promise<void> {
    const { state } = this.record;
    if (state === "suspended" || state === "suspending") return;
    if (state !== "started") throw unable("suspend", state);
    await this.#accept("suspending", "suspend", () => this.#freeze());
  }

  async restart(options: { signal?: string; timeoutMs?: number; force?: boolean } = {}): Promise<void> {
    const { state, config } = this.record;
    if (state !== "started" && state !== "stopped" && state !== "suspended") throw unable("restart", state);
    const signal = stopSignal(options.signal ?? config.stop_config?.signal);
    const timeoutMs = options.force === true || state === "suspended" ? 0 : (options.timeoutMs ?? 5000);
    await this.#accept("restarting", "restart", async () => {
      await this.#bringDown({ signal, timeoutMs });
      await this.#bringUp();
    });
  }

  /** A new version. A running machine is replaced by it; with `skipLaunch` it ends stopped. */
  async update(
    config: MachineConfig,
    options: { currentVersion?: string; skipLaunch: boolean },
  ): Promise<void> {
    const { state, instanceId } = this.record;
    if (options.currentVersion !== undefined && options.currentVersion !== instanceId)
      throw precondition(`machine version is ${instanceId}, not ${options.currentVersion}`);
    if (!["started", "stopped", "suspended", "created", "failed"].includes(state))
      throw unable("update", state);
    const signal = stopSignal(this.record.config.stop_config?.signal);
    this.record.config = config;
    this.record.instanceId = ulid();
    await this.#accept("replacing", "update", async () => {
      const exit = await this.#bringDown({ signal, timeoutMs: state === "started" ? 5000 : 0 });
      if (this.record.state !== "replacing") return;
      if (options.skipLaunch) await this.#to("stopped", stoppedByUs(exit, "user"));
      else await this.#bringUp();
    });
  }

  /** Answers when it is accepted; `done` runs once the tree is gone. */
  async destroy(options: { force: boolean; done: () => Promise<void> }): Promise<void> {
    const { state } = this.record;
    if (state === "destroyed" || state === "destroying") return;
    if (!options.force && !["stopped", "suspended", "created", "failed"].includes(state))
      throw unable("destroy", state);
    await this.#accept("destroying", "destroy", () => this.#remove(options.done));
  }

  /** True once the state is reached, false when time is up. */
  waitFor(state: MachineState, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    return this.#changes.until(() => this.record.state === state, timeoutMs, signal);
  }

  /** The change is durable when this answers. For fields that are no state: lease, metadata. */
  save(): Promise<void> {
    const write = this.#saving.then(() => this.#parts.store.save("machines", this.record.id, this.record));
    this.#saving = write.catch(() => undefined); // The caller of save hears of it; the next save is independent.
    return write;
  }

  hasSnapshot = (): boolean => this.record.state === "suspended" && this.record.process !== null;

  dropSnapshot(): void {
    this.#later(async () => {
      if (!this.hasSnapshot()) return;
      await this.#bringDown({ signal: "SIGKILL", timeoutMs: 0 });
      await this.save();
    });
  }

  /** First launch, or what was begun when an earlier host ended. */
  beginLaunch(): void {
    this.#later(() => this.#bringUp());
  }

  /** After a start of the host: the record is what was promised, the process table is what is. */
  async revive(alive: boolean, done: () => Promise<void>): Promise<void> {
    const { record } = this;
    const ref = record.process;
    if (ref !== null && alive) this.#watch(this.#parts.driver.adopt(ref));
    else record.process = null;
    const { state } = record;
    if (state === "destroying") return this.#later(() => this.#remove(done));
    if (state === "stopping") {
      record.state = "started";
      if (this.#running !== undefined) return this.stop();
    }
    // An old version may still be running under "replacing": it goes first. A frozen one only wakes.
    if (state === "replacing" || state === "restarting")
      this.#later(async () => void (await this.#bringDown({ signal: "SIGKILL", timeoutMs: 0 })));
    if (goingUp.has(state)) return this.beginLaunch();
    if (state === "suspended" || state === "suspending") {
      if (this.#running !== undefined) this.#later(() => this.#freeze());
      else await this.#to("suspended");
      return;
    }
    if (this.#running !== undefined) await this.#to("started");
    else if (state === "started" || state === "stopping")
      await this.#to("stopped", endedByItself({ code: null, signal: null, known: false }));
  }

  /** The host ends: a running machine ends stopped, a suspended one loses its snapshot. */
  close(timeoutMs: number): Promise<void> {
    this.#closing = true;
    const frozen = this.#wantsSleep();
    const wasUp = this.record.state === "started" || goingUp.has(this.record.state);
    this.#later(async () => {
      const exit = await this.#bringDown({ signal: "SIGTERM", timeoutMs: frozen ? 0 : timeoutMs });
      if (wasUp) await this.#to("stopped", stoppedByUs(exit, "flyd"));
      else await this.save();
    });
    return this.#queue;
  }

  async #bringUp(): Promise<void> {
    if (!goingUp.has(this.record.state) || this.#closing) return;
    const { knobs, driver, log } = this.#parts;
    if (knobs.failStarts > 0) {
      knobs.failStarts -= 1;
      return this.#to("stopped", endedByItself({ code: 1, signal: null, known: true }));
    }
    if (this.#running !== undefined) {
      const kept = !knobs.loseSnapshots && (await driver.thaw(this.#running.ref, this.record.id));
      if (kept) return this.#to("started", { type: "resume", source: "flyd" });
      await this.#bringDown({ signal: "SIGKILL", timeoutMs: 0 });
    }
    try {
      const running = await driver.launch(this.record);
      this.record.process = running.ref;
      this.#watch(running);
    } catch (err) {
      log("a machine could not be launched", { machine: this.record.id, err });
      return this.#to("failed", { type: "launch", source: "flyd" });
    }
    await this.#to("started", { type: "start", source: "flyd" });
  }

  /** Signal, wait, kill what is left. Nothing of the tree is alive when it answers. */
  async #bringDown(how: { signal: NodeJS.Signals; timeoutMs: number }): Promise<Exit | undefined> {
    const running = this.#running;
    if (running === undefined) return undefined;
    const { driver } = this.#parts;
    if (how.timeoutMs > 0 && driver.signal(running.ref, how.signal)) {
      const enough = new AbortController();
      await Promise.race([
        running.exited,
        pause(how.timeoutMs, undefined, { signal: enough.signal }).catch(() => undefined),
      ]);
      enough.abort();
    }
    await driver.kill(running.ref, this.record.id);
    const exit = await running.exited;
    this.#gone();
    return exit;
  }

  async #freeze(): Promise<void> {
    const { knobs, driver, log } = this.#parts;
    const until = performance.now() + knobs.suspendSlowMs;
    while (performance.now() < until && this.record.state === "suspending") await pause(10);
    const running = this.#running;
    if (running === undefined || !this.#wantsSleep()) return;
    const frozen = await driver.freeze(running.ref, this.record.id);
    if (this.#running !== running || !this.#wantsSleep()) return;
    if (frozen) return this.#to("suspended");
    log("a machine could not be suspended", { machine: this.record.id });
    await this.#to("started");
  }

  #wantsSleep = (): boolean => ["suspending", "suspended"].includes(this.record.state);

  async #remove(done: () => Promise<void>): Promise<void> {
    await this.#bringDown({ signal: "SIGKILL", timeoutMs: 0 });
    await done();
    await this.#parts.driver.forget(this.record.id);
    await this.#to("destroyed");
  }

  #watch(running: Running): void {
    this.#running = running;
    void running.exited.then((exit) => this.#later(() => this.#ended(running, exit)));
  }

  /** The leader ended by itself, or was killed from outside. */
  async #ended(running: Running, exit: Exit): Promise<void> {
    if (this.#running !== running) return;
    await this.#parts.driver.kill(running.ref, this.record.id);
    this.#gone();
    const { state } = this.record;
    if (this.#wantsSleep()) return this.#to("suspended");
    if (state !== "started" && state !== "starting") return this.save();
    await this.#afterExit(exit);
  }

  async #afterExit(exit: Exit): Promise<void> {
    const delayMs = this.#closing ? undefined : restartDelayMs(this.record, exit, Date.now());
    const facts: ExitFacts = { requested: false, restarting: delayMs !== undefined };
    const event = {
      type: "exit",
      source: "flyd",
      ...exitEvent(exit, facts, this.record.restarts.length),
    } as const;
    if (delayMs === undefined) return this.#to("stopped", event);
    await this.#to("restarting", event);
    setTimeout(() => this.#later(() => this.#bringUp()), delayMs).unref();
  }

  #gone(): void {
    if (this.#running !== undefined) this.#parts.driver.release(this.#running.ref);
    this.#running = undefined;
    this.record.process = null;
  }

  /** A request's part: the state at once, the work later. Answers when the state is durable. */
  #accept(state: MachineState, type: MachineEvent["type"], work: () => Promise<void>): Promise<void> {
    const saved = this.#to(state, { type, source: "user" });
    this.#later(work);
    return saved;
  }

  /** The state changes before the first await, so that two requests cannot both find the old one. */
  async #to(state: MachineState, event?: Pick<MachineEvent, "type" | "source" | "request">): Promise<void> {
    remember(this.record, state, event);
    await this.save();
    this.#changes.tell();
  }

  #later(task: () => Promise<void>): void {
    this.#queue = this.#queue.then(task).catch((err: unknown) => {
      this.#parts.log("work on a machine failed", { machine: this.record.id, state: this.record.state, err });
    });
  }
}
