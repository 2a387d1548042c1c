/** Work that goes on by itself: at once, then every so often, and whenever an event says "look now". */
import type { Deps } from "../deps.ts";
import type { EventKind } from "../events.ts";

export interface LoopOptions {
  name: string;
  /** The backstop: how long a missed event may go unnoticed. */
  everyMs: number;
  wakeOn?: EventKind;
  /** Safe to run twice and on two workers. Answers what it did, or "" for nothing worth a line. */
  run(signal: AbortSignal): Promise<string>;
}

export interface Loop {
  /** Lets the present run end, then stops. */
  stop(): Promise<void>;
}

const MAX_BACKOFF_MS = 30_000;

/** Never two runs at once. An error is logged and tried again, later each time, for ever. */
export function startLoop({ log, clock, events }: Deps, options: LoopOptions): Loop {
  const stopping = new AbortController();
  let wake: () => void = () => undefined;
  let wanted = false;
  const unsubscribe = options.wakeOn
    ? events.subscribe(options.wakeOn, () => {
        wanted = true;
        wake();
      })
    : undefined;

  async function pause(ms: number, mayBeWoken: boolean): Promise<void> {
    if ((wanted && mayBeWoken) || stopping.signal.aborted) return;
    const waiting = new AbortController();
    wake = () => {
      if (mayBeWoken) waiting.abort();
    };
    await clock.sleep(ms, AbortSignal.any([waiting.signal, stopping.signal])).catch(() => undefined); // woken early
  }

  async function go(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      wanted = false;
      try {
        const did = await options.run(stopping.signal);
        failures = 0;
        if (did) log.info({ loop: options.name }, did);
      } catch (err) {
        if (stopping.signal.aborted) return;
        failures += 1;
        log.error({ loop: options.name, err, failures }, "loop failed, will try again");
      }
      const backoff = failures === 0 ? options.everyMs : Math.min(MAX_BACKOFF_MS, 250 * 2 ** failures);
      await pause(backoff, failures === 0);
    }
  }
  const running = go();
  return {
    async stop() {
      unsubscribe?.();
      stopping.abort();
      await running;
    },
  };
}
