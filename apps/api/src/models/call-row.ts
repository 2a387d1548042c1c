/** The ledger's row of one running call: reserved when this exists, closed exactly once. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { priceOf } from "@molt/contract";
import type { Clock } from "../clock.ts";
import { failpoint } from "../failpoints.ts";
import { costPicos, type Tokens, tokensWithin, worstCasePicos } from "./cost.ts";
import type { Route } from "./find-routes.ts";
import type { CallLedger } from "./ledger.ts";
import type { CallRequest } from "./read-call.ts";
import { estimateTokens, type Reading } from "./read-usage.ts";
import { budgetRefusal, CallRefused, refusals } from "./refusals.ts";
import { providerRequestId } from "./return-headers.ts";
import type { Settlement } from "./table.ts";
import type { UpstreamAnswer } from "./upstream.ts";

export interface CallStart {
  ledger: CallLedger;
  clock: Clock;
  botId: string;
  call: CallRequest;
  route: Route;
  traceId: string | undefined;
  /** Hears once what the call came to. */
  closed?: ((tokens: Tokens) => void) | undefined;
}

export type Ending = Pick<Settlement, "state" | "tokens" | "reason">;

export class CallRow {
  readonly callId: string;
  readonly #start: CallStart;
  readonly #reservedPicos: bigint;
  readonly #begunMs: number;
  #minInput: number | undefined;
  #reading: Reading | undefined;
  #status: number | undefined;
  #requestId: string | undefined;
  #firstByteMs: number | undefined;
  #closing: Promise<void> | undefined;

  private constructor(callId: string, start: CallStart, reservedPicos: bigint) {
    this.callId = callId;
    this.#start = start;
    this.#reservedPicos = reservedPicos;
    this.#begunMs = start.clock.monotonicMs();
  }

  /**
   * Durable when it resolves: only then may the call leave.
   * @throws {CallRefused} 402 when a cap or the bot's state forbids it, 503 when the ledger is out of reach.
   */
  static async reserve(start: CallStart): Promise<CallRow> {
    const { ledger, botId, call, route, traceId } = start;
    const callId = randomUUID();
    const { price } = route;
    const most = { input: Math.min(call.maxInput, price.contextWindow), output: call.maxOutput };
    const reservedPicos = worstCasePicos(most, price, call.cachesForAnHour);
    // Under the provider's own name: by a model's many aliases a bot could fill tables without end.
    const names = { model: price.model, provider: route.provider.id, priceVersion: price.version };
    const result = await ledger
      .reserve({ callId, botId, ...names, reservedPicos, traceId, cause: call.cause })
      .catch((cause: unknown) => {
        throw new CallRefused(refusals.ledgerDown, cause);
      });
    if (result.refusal)
      throw new CallRefused({ ...budgetRefusal(result.refusal, start.clock.now()), reservedPicos });
    const row = new CallRow(callId, start, reservedPicos);
    ledger.track({ callId, price, tokensSoFar: () => row.#tokensSoFar() });
    return row;
  }

  /** Set from the first `close` on; resolves with it. */
  get closing(): Promise<void> | undefined {
    return this.#closing;
  }

  answered(answer: UpstreamAnswer, reading?: Reading): void {
    this.#status = answer.status;
    this.#requestId = providerRequestId(answer.headers);
    this.#reading = reading;
  }

  firstByte(): void {
    this.#firstByteMs = Math.round(this.#start.clock.monotonicMs() - this.#begunMs);
  }

  /** The first ending counts; a second one waits for the first. Never rejects. */
  close({ state, tokens, reason }: Ending): Promise<void> {
    if (!this.#closing) this.#start.closed?.(tokens);
    const settle = () =>
      this.#start.ledger.settle({
        callId: this.callId,
        botId: this.#start.botId,
        state,
        tokens,
        costPicos: costPicos(tokens, this.#start.route.price),
        providerRequestId: this.#requestId,
        httpStatus: this.#status,
        firstByteMs: this.#firstByteMs,
        latencyMs: Math.round(this.#start.clock.monotonicMs() - this.#begunMs),
        reason,
      });
    this.#closing ??= failpoint("after-usage-before-commit")?.then(settle) ?? settle();
    return this.#closing;
  }

  /** Waits for the row that was closed, but not for ever. @returns whether it is. */
  async closedWithin(ms: number): Promise<boolean> {
    const patience = new AbortController();
    const late = delay(ms, false, { signal: patience.signal }).catch(() => false); // closed in time
    const isClosed = await Promise.race([this.#closing?.then(() => true), late]);
    patience.abort();
    return isClosed ?? false;
  }

  /** What the call came to, going by what was seen and not by what the provider says. Never above its reservation. */
  estimate(reading?: Reading): Tokens {
    const { call, route } = this.#start;
    // Counted only where it is needed, and once: it takes as long as reading the request did.
    const minInput = reading?.knowsInput ? 0 : (this.#minInput ??= call.minInput);
    const tokens = estimateTokens(reading, minInput, call.maxOutput);
    return tokensWithin(this.#reservedPicos, tokens, route.price);
  }

  /**
   * Whether another model answered than the one whose price was reserved. A name without a price says
   * nothing, nor does another provider's: each has several names for one model.
   */
  isAnother(answered: string): boolean {
    const [asked, found] = [this.#start.call.model, answered].map((name) => priceOf(name));
    return asked?.provider === found?.provider && asked?.model !== found?.model;
  }

  #tokensSoFar(): Tokens | undefined {
    const reading = this.#reading;
    if (!reading) return undefined;
    return reading.isFinal ? reading.tokens : this.estimate(reading);
  }
}

/** The trace id of a W3C `traceparent`; undefined when there is none worth the name. */
export function traceIdOf(req: IncomingMessage): string | undefined {
  const header = req.headers["traceparent"];
  if (typeof header !== "string") return undefined;
  const id = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}$/.exec(header)?.[1];
  return id === "0".repeat(32) ? undefined : id;
}
