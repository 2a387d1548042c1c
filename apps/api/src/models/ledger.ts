/**
 * The ledger as the proxy uses it: reserve before a byte leaves, settle once, note what runs. Both
 * commits are shared by whatever waits at the same moment.
 */
import { randomUUID } from "node:crypto";
import type { ModelPrice } from "@molt/contract";
import { isConflict, isDataError } from "../db/sql-state.ts";
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
/**
 * Batches under way at once. A batch locks the budgets of its bots until it is committed, so two that
 * share a bot only wait for each other: all calls of one bot go down one lane. Two take in 1.6 times
 * what one does (bench ingest on two cores), four hardly more, and more lanes make smaller batches.
 */
const LANES = 2;
/** Settlements that may wait for the database. Beyond it the sweeper closes the call as an estimate. */
const MAX_UNSETTLED = 50_000;
const RETRY_MS = 250;
const MAX_RETRY_MS = 5_000;
/** How much of a running call a killed process may lose. */
const NOTE_EVERY_MS = 2_000;
/** The sweeper suspects a process that is silent for 30 s (sweep-calls.job.ts). */
const BEAT_EVERY_MS = 5_000;

export interface OpenCall {
  callId: string;
  price: ModelPrice;
  /** What is known by now; undefined before the answer began. */
  tokensSoFar(): Tokens | undefined;
}

/** A settlement, and whose it is. */
export interface BotSettlement extends Settlement {
  botId: string;
}

interface Lane {
  reserve: Batch<Reservation, ReserveResult>;
  settle: Batch<Settlement, true>;
}

/** What the proxy needs of a ledger. */
export type CallLedger = Pick<Ledger, "reserve" | "track" | "settle" | "giveUp" | "close">;

export class Ledger {
  readonly processId: string = randomUUID();
  readonly #deps: Pick<Deps, "db" | "log" | "clock">;
  readonly #lanes: readonly Lane[];
  readonly #open = new Map<string, OpenCall>();
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  private constructor(deps: Pick<Deps, "db" | "log" | "clock">) {
    this.#deps = deps;
    this.#lanes = Array.from({ length: LANES }, () => ({
      reserve: new Batch({ max: MAX_BATCH, run: (calls) => this.#reserveAll(calls) }),
      settle: new Batch({ max: MAX_BATCH, run: (calls) => this.#settleWhateverItTakes(calls) }),
    }));
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
    const { reserve } = this.#laneOf(call);
    try {
      return await reserve.add(call);
    } catch (error) {
      // The commit may have happened unseen. Nothing was sent, so the row costs nothing.
      this.#closeUnsent(call);
      throw error;
    }
  }

  track(call: OpenCall): void {
    this.#open.set(call.callId, call);
  }

  /** Never rejects. Resolves when the row is closed, or left to the sweeper. */
  async settle(settlement: BotSettlement): Promise<void> {
    const lane = this.#laneOf(settlement).settle;
    if (lane.waiting >= MAX_UNSETTLED / LANES) {
      this.#open.delete(settlement.callId);
      this.#deps.log.error(
        { callId: settlement.callId },
        "too many calls wait to be settled, leaving this one to the sweeper",
      );
      return;
    }
    await lane.add(settlement);
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
    for (const { reserve } of this.#lanes) await reserve.idle();
    for (const { settle } of this.#lanes) await settle.idle();
  }

  /**
   * The end of an account and a reservation may stand in each other's way (bots before budgets there,
   * budgets before bots here). A call that is reserved already is answered as it was, so once more costs
   * nothing, and a whole batch of other bots does not fail for it.
   */
  async #reserveAll(calls: readonly Reservation[]): Promise<ReserveResult[]> {
    const { db, log } = this.#deps;
    try {
      return await reserveCalls(db, calls, this.processId);
    } catch (err) {
      if (!isConflict(err)) throw err;
      log.warn({ err, calls: calls.length }, "calls could not be reserved, trying once more");
      return reserveCalls(db, calls, this.processId);
    }
  }

  async #settleWhateverItTakes(calls: readonly Settlement[]): Promise<true[]> {
    for (let wait = RETRY_MS; ; wait = Math.min(wait * 2, MAX_RETRY_MS)) {
      try {
        await this.#settleAll(calls);
        break;
      } catch (err) {
        if (isDataError(err)) {
          await this.#settleApart(calls, err);
          break;
        }
        if (this.#stopping.signal.aborted) {
          this.#deps.log.error(
            { err, calls: calls.length },
            "stopping with calls unsettled, the sweeper closes them",
          );
          break;
        }
        this.#deps.log.error({ err, calls: calls.length }, "calls could not be settled, will be tried again");
        await this.#pause(wait);
      }
    }
    return calls.map(() => true);
  }

  async #settleAll(calls: readonly Settlement[]): Promise<void> {
    const closed = await settleCalls(this.#deps.db, calls);
    const late = calls.filter((call) => !closed.has(call.callId) && call.httpStatus !== undefined);
    if (late.length === 0) return;
    const callIds = late.slice(0, 10).map((call) => call.callId);
    this.#deps.log.warn({ callIds }, "calls had been closed before");
  }

  /** The figures of one of them are refused and always will be: the others must not wait for it. */
  async #settleApart(calls: readonly Settlement[], err: unknown): Promise<void> {
    const half = calls.length >> 1;
    if (half === 0) {
      const callId = calls[0]?.callId;
      this.#deps.log.error({ err, callId }, "a call cannot be settled, leaving it to the sweeper");
      return;
    }
    await this.#settleWhateverItTakes(calls.slice(0, half));
    await this.#settleWhateverItTakes(calls.slice(half));
  }

  #laneOf({ botId }: { botId: string }): Lane {
    const lane = this.#lanes[parseInt(botId.slice(-4), 16) % LANES];
    if (!lane) throw new Error(`not the id of a bot: ${botId}`);
    return lane;
  }

  #closeUnsent({ callId, botId }: Reservation): void {
    const tokens = { input: 0, cacheRead: 0, cacheWrite: 0, cacheWrite1h: 0, output: 0, reasoning: 0 };
    const unknown = {
      providerRequestId: undefined,
      httpStatus: undefined,
      firstByteMs: undefined,
      latencyMs: undefined,
    };
    void this.settle({
      callId,
      botId,
      state: "settled",
      tokens,
      costPicos: 0n,
      ...unknown,
      reason: "not_sent",
    });
  }

  async #note(): Promise<void> {
    const notes = [...this.#open.values()].flatMap((call) => {
      const tokens = call.tokensSoFar();
      return tokens ? [{ callId: call.callId, tokens, costPicos: costPicos(tokens, call.price) }] : [];
    });
    // A statement holds the rows it writes until it ends: short ones keep nobody waiting.
    for (let at = 0; at < notes.length; at += MAX_BATCH)
      await noteCalls(this.#deps.db, notes.slice(at, at + MAX_BATCH));
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
