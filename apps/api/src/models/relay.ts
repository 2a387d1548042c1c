/**
 * Passes an answer on as it comes, byte for byte, and shows every chunk to the reader. A client that
 * leaves does not end the call: the provider goes on producing and billing, so the rest is read to
 * its end within bounds (reference: faults F93).
 *
 * The bytes that complete the provider's numbers wait until these are in the ledger: whoever has
 * seen an answer end can be sure that it is settled, whatever happens to this process.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { UsageReader } from "./read-usage.ts";
import { UsageChunkFilter } from "./usage-chunk-filter.ts";

/** How the answer ended. `complete`: the provider said everything it had to say. */
export type RelayEnd = "complete" | "cut" | "abandoned";

/** How many answers are read to the end for nobody right now. One per proxy. */
export interface Drains {
  count: number;
}

const DRAIN_MS = 60_000;
/** Answers read to the end for nobody, over all bots. */
const MAX_DRAINS = 200;
/** A client that takes nothing for so long is gone. */
const STALLED_MS = 120_000;

export interface RelayOptions {
  reader: UsageReader;
  /** Nothing is passed on before the end: an answer in one piece. */
  isWhole: boolean;
  /** Takes the chunk with the usage out, for clients that did not ask for it. */
  dropUsageChunk: boolean;
  drains: Drains;
  onFirstByte(): void;
  /** Called once, when the provider's numbers are complete. Must not reject. */
  onFinal(): Promise<void>;
}

export class Relay {
  readonly #from: IncomingMessage;
  readonly #to: ServerResponse;
  readonly #options: RelayOptions;
  readonly #filter: UsageChunkFilter | undefined;
  readonly #held: Buffer[] = [];
  #finish: (end: RelayEnd) => void = () => undefined;
  #hasBegun = false;
  /** Passed on in one write at the end of the tick: one read often brings several chunks. */
  #waiting: Buffer[] = [];
  #isGone = false;
  #isFinalTold = false;
  #hasEnded = false;
  /** The last bytes wait for their settlement: nothing may overtake them, not even `end` on a paused stream. */
  #holding: Promise<void> | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  #stallTimer: NodeJS.Timeout | undefined;

  constructor(from: IncomingMessage, to: ServerResponse, options: RelayOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
    this.#filter = options.dropUsageChunk ? new UsageChunkFilter() : undefined;
  }

  /** Resolves when there is nothing more to come. The client's side is still open then. */
  run(): Promise<RelayEnd> {
    const leave = () => this.#leave();
    const goOn = () => this.#goOn();
    this.#to.on("close", leave).on("drain", goOn);
    if (this.#to.destroyed) this.#leave();
    this.#from.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#from.on("end", () => void this.#end());
    this.#from.on("error", () => undefined); // `close` follows and says what it means
    this.#from.on("close", () => {
      if (!this.#hasEnded) this.#finish(this.#isGone ? "abandoned" : "cut");
    });
    return new Promise((resolve) => {
      this.#finish = (end) => {
        this.#finish = () => undefined;
        this.#to.off("close", leave).off("drain", goOn);
        clearTimeout(this.#stallTimer);
        if (this.#drainTimer) this.#options.drains.count -= 1;
        clearTimeout(this.#drainTimer);
        resolve(end);
      };
    });
  }

  #take(chunk: Buffer): void {
    const { reader, isWhole } = this.#options;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#options.onFirstByte();
    }
    reader.push(chunk);
    if (isWhole) this.#held.push(chunk);
    else if (reader.reading.isFinal && !this.#isFinalTold) this.#holding = this.#passLast(chunk);
    else this.#pass(chunk);
  }

  async #passLast(chunk: Buffer): Promise<void> {
    this.#isFinalTold = true;
    this.#from.pause();
    await this.#options.onFinal();
    this.#holding = undefined;
    this.#pass(chunk);
    this.#flush();
    // A full client is waited for by #flush.
    if (this.#stallTimer === undefined) this.#from.resume();
  }

  async #end(): Promise<void> {
    const { reader, isWhole } = this.#options;
    this.#hasEnded = true;
    await this.#holding;
    reader.end();
    if (reader.reading.isFinal && !this.#isFinalTold) {
      this.#isFinalTold = true;
      await this.#options.onFinal();
    }
    if (isWhole) for (const chunk of this.#held) this.#pass(chunk);
    this.#flush();
    if (this.#filter && !this.#isGone) this.#to.write(this.#filter.rest());
    this.#finish("complete");
  }

  #pass(chunk: Buffer): void {
    if (this.#isGone) return;
    const bytes = this.#filter ? this.#filter.push(chunk) : chunk;
    if (bytes.length === 0) return;
    if (this.#waiting.length === 0) process.nextTick(() => this.#flush());
    this.#waiting.push(bytes);
  }

  #flush(): void {
    const [first, ...more] = this.#waiting;
    this.#waiting = [];
    if (first === undefined || this.#isGone) return;
    if (this.#to.write(more.length === 0 ? first : Buffer.concat([first, ...more])) || this.#hasEnded) return;
    this.#from.pause();
    this.#stallTimer ??= setTimeout(() => this.#to.destroy(), STALLED_MS);
  }

  /** The client takes again. */
  #goOn(): void {
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
    if (!this.#holding) this.#from.resume();
  }

  /** The client is gone: read on for the numbers, if there is room for it. */
  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#stallTimer);
    if (this.#options.drains.count >= MAX_DRAINS) {
      this.#from.destroy();
      return;
    }
    this.#options.drains.count += 1;
    this.#drainTimer = setTimeout(() => this.#from.destroy(), DRAIN_MS);
    if (!this.#holding) this.#from.resume();
  }
}
