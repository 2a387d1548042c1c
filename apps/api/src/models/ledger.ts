/**
 * The ledger as the proxy uses it: reserve before a byte leaves, settle once, note what runs. Both
 * commits are shared by whatever waits at the same moment.
 */
import { randomUUID } from "node:crypto";
import type { ModelPrice } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { Batch } from "./batch.ts";
import { costPicos, type Tokens } from "./cost.ts";
import {
  beatProcess,
  noteCalls,
  type Reservation,
  reserveCalls,
  type ReserveResult,
  settleCalls,
  type Settlement,
} from "./table.ts";

const MAX_BATCH = 500;
/** Settlements that may wait for the database. Beyond it the sweeper closes the call as an estimate. */
const MAX_UNSETTLED = 50_000;
const RETRY_MS = 250;
const MAX_RETRY_MS = 5_000;
/** How much of a running call a killed process may lose. */
const NOTE_EVERY_MS = 2_000;
/** The sweeper gives a process 30 s (sweep-calls.job.ts). */
const BEAT_EVERY_MS = 5_000;

export interface OpenCall {
  callId: string;
  price: ModelPrice;
  /** What is known by now; undefined before the answer began. */
  tokensSoFar(): Tokens | undefined;
}

/** What the proxy needs of a ledger. */
export type CallLedger = Pick<Ledger, "reserve" | "track" | "settle" | "giveUp" | "close">;

export class Ledger {
  readonly processId: string = randomUUID();
  readonly #deps: Pick<Deps, "db" | "log" | "clock">;
  readonly #reserve: Batch<Reservation, ReserveResult>;
  readonly #settle: Batch<Settlement, true>;
  readonly #open = new Map<string, OpenCall>();
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  private constructor(deps: Pick<Deps, "db" | "log" | "clock">) {
    this.#deps = deps;
    this.#reserve = new Batch({
      max: MAX_BATCH,
      run: (calls) => reserveCalls(deps.db, calls, this.processId),
    });
    this.#settle = new Batch({ max: MAX_BATCH, run: (calls) => this.#settleWhateverItTakes(calls) });
  }

  /** Resolves when the process is known to the sweeper: before that no call may be reserved. */
  static async open(deps: Pick<Deps, "db" | "log" | "clock">): Promise<Ledger> {
    const ledger = new Ledger(deps);
    await beatProcess(deps.db, ledger.processId);
    ledger.#loops = Promise.all([
      ledger.#every(BEAT_EVERY_MS, () => beatProcess(deps.db, ledger.processId)),
      ledger.#every(NOTE_EVERY_MS, () => ledger.#note()),
    ]);
    return ledger;
  }

  /** Calls that are reserved and not yet settled. */
  get openCalls(): number {
    return this.#open.size;
  }

  /** Durable when it resolves. Rejects when the database does not answer: then nothing may leave. */
  async reserve(call: Reservation): Promise<ReserveResult> {
    try {
      return await this.#reserve.add(call);
    } catch (error) {
      // The commit may have happened unseen. Nothing was sent, so the row costs nothing.
      this.#closeUnsent(call.callId);
      throw error;
    }
  }

  track(call: OpenCall): void {
    this.#open.set(call.callId, call);
  }

  /** Never rejects. Resolves when the row is closed, or left to the sweeper. */
  async settle(settlement: Settlement): Promise<void> {
    if (this.#settle.waiting >= MAX_UNSETTLED) {
      this.#open.delete(settlement.callId);
      this.#deps.log.error(
        { callId: settlement.callId },
        "too many calls wait to be settled, leaving this one to the sweeper",
      );
      return;
    }
    await this.#settle.add(settlement);
    this.#open.delete(settlement.callId);
  }

  /** From now on a row that cannot be written at once is left to the sweeper. */
  giveUp(): void {
    this.#stopping.abort();
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    this.giveUp();
    await this.#loops;
    await this.#reserve.idle();
    await this.#settle.idle();
  }

  async #settleWhateverItTakes(calls: readonly Settlement[]): Promise<true[]> {
    for (let wait = RETRY_MS; ; wait = Math.min(wait * 2, MAX_RETRY_MS)) {
      try {
        const closed = await settleCalls(this.#deps.db, calls);
        const late = calls.filter((call) => !closed.has(call.callId) && call.httpStatus !== undefined);
        if (late.length > 0) {
          this.#deps.log.warn(
            { callIds: late.slice(0, 10).map((call) => call.callId) },
            "calls had been closed before",
          );
        }
        return calls.map(() => true);
      } catch (err) {
        if (this.#stopping.signal.aborted) {
          this.#deps.log.error(
            { err, calls: calls.length },
            "stopping with calls unsettled, the sweeper closes them",
          );
          return calls.map(() => true);
        }
        this.#deps.log.error({ err, calls: calls.length }, "calls could not be settled, will be tried again");
        await this.#pause(wait);
      }
    }
  }

  #closeUnsent(callId: string): void {
    const tokens = { input: 0, cacheRead: 0, cacheWrite: 0, cacheWrite1h: 0, output: 0, reasoning: 0 };
    const unknown = {
      providerRequestId: undefined,
      httpStatus: undefined,
      firstByteMs: undefined,
      latencyMs: undefined,
    };
    void this.settle({ callId, state: "settled", tokens, costPicos: 0n, ...unknown, reason: "not_sent" });
  }

  async #note(): Promise<void> {
    const notes = [...this.#open.values()].flatMap((call) => {
      const tokens = call.tokensSoFar();
      return tokens ? [{ callId: call.callId, tokens, costPicos: costPicos(tokens, call.price) }] : [];
    });
    if (notes.length > 0) await noteCalls(this.#deps.db, notes);
  }

  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#pause(ms);
      if (this.#stopping.signal.aborted) return;
      try {
        await work();
      } catch (err) {
        this.#deps.log.warn({ err }, "the ledger could not be reached, will be tried again");
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    await this.#deps.clock.sleep(ms, this.#stopping.signal).catch(() => undefined); // stopped early
  }
}
