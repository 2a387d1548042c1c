/**
 * Group commit: work that arrives while a batch is under way goes into the next one. When idle a
 * single item leaves at once, with what else this turn of the event loop brought; under load
 * hundreds share one durable commit.
 */
import { setImmediate as endOfTurn } from "node:timers/promises";

export interface BatchOptions<In, Out> {
  /** Most items of one run. */
  max: number;
  /** Answers in the order of the items. */
  run(items: readonly In[]): Promise<readonly Out[]>;
}

interface Waiting<In, Out> {
  item: In;
  resolve: (out: Out) => void;
  reject: (error: unknown) => void;
}

export class Batch<In, Out> {
  readonly #options: BatchOptions<In, Out>;
  #queue: Waiting<In, Out>[] = [];
  #running: Promise<void> | undefined;

  constructor(options: BatchOptions<In, Out>) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Rejects with what `run` threw: every item of a failed batch fails alike. */
  add(item: In): Promise<Out> {
    return new Promise<Out>((resolve, reject) => {
      this.#queue.push({ item, resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #drain(): Promise<void> {
    await endOfTurn();
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, this.#options.max);
      try {
        const results = await this.#options.run(batch.map(({ item }) => item));
        batch.forEach(({ resolve, reject }, at) => {
          const result = results[at];
          if (result === undefined) reject(new Error("the batch answered fewer results than items"));
          else resolve(result);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
  }
}
