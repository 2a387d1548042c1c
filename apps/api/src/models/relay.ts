/**
 * Passes an answer on as it comes, byte for byte, and shows every chunk to the reader. A client that
 * leaves does not end the call: the provider goes on producing and billing, so the rest is read to
 * its end, for as long as the call may last (reference: faults F93).
 *
 * The bytes that complete the provider's numbers wait until these are in the ledger: whoever has
 * seen an answer end can be sure that it is settled, whatever happens to this process.
 */
import type { ServerResponse } from "node:http";
import type { UsageReader } from "./read-usage.ts";
import { STALLED_MS } from "./delivered.ts";
import { type AnswerSink, MAX_LINES, type UpstreamAnswer } from "./upstream.ts";
import { TimedOut } from "./upstream-line.ts";
import { UsageChunkFilter } from "./usage-chunk-filter.ts";

/** How the answer ended. `complete`: the provider said everything it had to say; `timed_out`: by our limit. */
export type RelayEnd = "complete" | "cut" | "abandoned" | "timed_out";

/** How many answers are read to the end for nobody right now. One per proxy. */
export interface Drains {
  count: number;
  /** Those of each bot that has any. */
  ofBots?: Map<string, number>;
}

/**
 * As many as a bot may have calls at once: each keeps its place there until it has ended (limiter.ts).
 * Over all bots, connections are the bound.
 */
const MAX_DRAINS_PER_BOT = 16;
const MAX_DRAINS = MAX_LINES;
/** What comes in while the settlement is written; beyond it the provider has to wait. */
const MAX_HELD_BYTES = 256 * 1024;
/** An answer in one piece is kept whole until it is settled; no provider's is as large. */
const MAX_WHOLE_BYTES = 64 * 1024 * 1024;

export interface RelayOptions {
  reader: UsageReader;
  /** Nothing is passed on before the end: an answer in one piece. */
  isWhole: boolean;
  /** Takes the chunk with the usage out, for clients that did not ask for it. */
  dropUsageChunk: boolean;
  drains: Drains;
  botId: string;
  onFirstByte(): void;
  /** Called once, when the provider's numbers are complete. Must not reject. */
  onFinal(): Promise<void>;
}

export class Relay implements AnswerSink {
  readonly #from: UpstreamAnswer;
  readonly #to: ServerResponse;
  readonly #options: RelayOptions;
  readonly #filter: UsageChunkFilter | undefined;
  #resolve: ((end: RelayEnd) => void) | undefined;
  #hasBegun = false;
  #isGone = false;
  /** The provider's numbers are complete, and are being written or have been. */
  #isFinal = false;
  #hasEnded = false;
  /** What waits for the settlement, in order; undefined when nothing has to wait. */
  #held: Buffer[] | undefined;
  #heldBytes = 0;
  #isDraining = false;
  #stallTimer: NodeJS.Timeout | undefined;

  constructor(from: UpstreamAnswer, to: ServerResponse, options: RelayOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
    this.#filter = options.dropUsageChunk ? new UsageChunkFilter() : undefined;
    if (options.isWhole) this.#held = [];
  }

  /** Resolves when there is nothing more to come. The client's answer has ended then, or is cut. */
  run(): Promise<RelayEnd> {
    this.#to.on("close", this.#leave).on("drain", this.#goOn);
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (this.#to.destroyed) this.#leave();
      this.#from.pipe(this);
    });
  }

  data(chunk: Buffer): void {
    const { reader, isWhole } = this.#options;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#options.onFirstByte();
    }
    reader.push(chunk);
    if (!isWhole && reader.reading.isFinal && !this.#isFinal) void this.#settle();
    if (this.#held) this.#hold(this.#held, chunk);
    else this.#pass(chunk);
  }

  end(): void {
    this.#hasEnded = true;
    // Held bytes of a stream are being settled, and go on from there.
    if (!this.#held || this.#options.isWhole) void this.#conclude();
  }

  cut(error: Error): void {
    if (!this.#isGone) this.#to.destroy();
    this.#finish(error instanceof TimedOut ? "timed_out" : this.#isGone ? "abandoned" : "cut");
  }

  #hold(held: Buffer[], chunk: Buffer): void {
    held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#options.isWhole && this.#heldBytes > MAX_WHOLE_BYTES) this.#from.destroy();
    if (!this.#options.isWhole && this.#heldBytes > MAX_HELD_BYTES) this.#from.pause();
  }

  /** From here on everything waits until the numbers are in the ledger. */
  async #settle(): Promise<void> {
    this.#isFinal = true;
    this.#held = [];
    await this.#options.onFinal();
    if (this.#hasEnded) {
      await this.#conclude();
      return;
    }
    this.#pass(this.#takeHeld());
    // A full client is waited for by #pass.
    if (this.#stallTimer === undefined) this.#from.resume();
  }

  async #conclude(): Promise<void> {
    const { reader, onFinal } = this.#options;
    reader.end();
    if (reader.reading.isFinal && !this.#isFinal) {
      this.#isFinal = true;
      await onFinal();
    }
    const last = this.#filtered(this.#takeHeld());
    if (!this.#isGone) this.#to.end(this.#filter ? Buffer.concat([last, this.#filter.rest()]) : last);
    this.#finish("complete");
  }

  #takeHeld(): Buffer {
    const held = this.#held ?? [];
    this.#held = undefined;
    return held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
  }

  #filtered(bytes: Buffer): Buffer {
    return this.#filter && bytes.length > 0 ? this.#filter.push(bytes) : bytes;
  }

  #pass(chunk: Buffer): void {
    if (this.#isGone) return;
    const bytes = this.#filtered(chunk);
    if (bytes.length === 0 || this.#to.write(bytes)) return;
    this.#from.pause();
    this.#stallTimer ??= setTimeout(() => this.#to.destroy(), STALLED_MS);
  }

  /** The client takes again. */
  readonly #goOn = (): void => {
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
    this.#from.resume();
  };

  /** The client is gone: read on for the numbers, if there is room for it. */
  readonly #leave = (): void => {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
    this.#isDraining = beginDrain(this.#options);
    if (this.#isDraining) this.#from.resume();
    else this.#from.destroy();
  };

  #finish(end: RelayEnd): void {
    this.#to.off("close", this.#leave).off("drain", this.#goOn);
    clearTimeout(this.#stallTimer);
    if (this.#isDraining) endDrain(this.#options);
    this.#isDraining = false;
    this.#resolve?.(end);
    this.#resolve = undefined;
  }
}

/** @returns whether there is room for one more. */
function beginDrain({ drains, botId }: RelayOptions): boolean {
  const ofBots = (drains.ofBots ??= new Map<string, number>());
  const ofBot = ofBots.get(botId) ?? 0;
  if (drains.count >= MAX_DRAINS || ofBot >= MAX_DRAINS_PER_BOT) return false;
  drains.count += 1;
  ofBots.set(botId, ofBot + 1);
  return true;
}

function endDrain({ drains, botId }: RelayOptions): void {
  drains.count -= 1;
  const left = (drains.ofBots?.get(botId) ?? 1) - 1;
  if (left > 0) drains.ofBots?.set(botId, left);
  else drains.ofBots?.delete(botId);
}
