/** Lets many callers wait until something has become true. */
import { EventEmitter } from "node:events";

export class Changes {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  tell(): void {
    this.#emitter.emit("change");
  }

  /** True once the condition holds; false when time is up or the signal says so. */
  async until(holds: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const over = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    while (!holds()) {
      if (over.aborted) return false;
      await new Promise<void>((resolve) => {
        const settle = (): void => {
          this.#emitter.off("change", settle);
          over.removeEventListener("abort", settle);
          resolve();
        };
        this.#emitter.once("change", settle);
        over.addEventListener("abort", settle, { once: true });
      });
    }
    return true;
  }
}
