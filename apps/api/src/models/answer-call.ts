/**
 * One request of a bot, from its key to its settled row: find the bot, check the model has a price,
 * reserve the worst case, send, pass the answer on, settle. Each attempt at a provider is a call of
 * its own with a row of its own, committed before the attempt.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ModelPrice } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { costPicos, noTokens, type Tokens, worstCasePicos } from "./cost.ts";
import type { Ledger } from "./ledger.ts";
import type { ModelApi, Provider } from "./providers.ts";
import type { CallRequest } from "./read-call.ts";
import { estimateTokens, type Reading, UsageReader } from "./read-usage.ts";
import { isAboutOurAccount, redactKeys } from "./redact.ts";
import { budgetRefusal, CallRefused, type Refusal, refusals } from "./refusals.ts";
import { type Drains, relay, type RelayEnd } from "./relay.ts";
import type { Settlement } from "./table.ts";
import { providerRequestId, returnHeaders, type Target, type Upstream } from "./upstream.ts";

export interface Proxy {
  deps: Pick<Deps, "db" | "log" | "clock">;
  ledger: Ledger;
  upstream: Upstream;
  providers: readonly Provider[];
  /** All keys of all providers, for redaction. */
  keys: readonly string[];
  drains: Drains;
}

export interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  botId: string;
  call: CallRequest;
}

/** One way to have the model answered. */
export interface Route extends Target {
  price: ModelPrice;
}

const PATHS: Record<ModelApi, string> = {
  "anthropic-messages": "/messages",
  "openai-completions": "/chat/completions",
  "openai-responses": "/responses",
};
const ERROR_BODY_BYTES = 1024 * 1024;
/** No call lasts longer; the sweeper closes what is older than twice that. */
export const LONGEST_CALL_MS = 15 * 60_000;

/** Every key of every provider that serves the model in this format, in order. */
export function findRoutes(
  providers: readonly Provider[],
  api: ModelApi,
  model: string,
  day: string,
): Route[] {
  return providers.flatMap((provider) => {
    const price = provider.apis.includes(api) ? provider.price(model, day) : undefined;
    return price ? provider.keys.map((key) => ({ provider, key, price })) : [];
  });
}

/** @throws {CallRefused} when nothing was sent back yet. Otherwise the answer has been given. */
export async function answerCall(proxy: Proxy, exchange: Exchange, routes: readonly Route[]): Promise<void> {
  for (const [at, route] of routes.entries()) {
    const isLast = at === routes.length - 1;
    const outcome = await attempt(proxy, exchange, route, isLast);
    if (outcome === "answered") return;
    if (isLast || exchange.res.destroyed) throw new CallRefused(outcome);
    proxy.deps.log.warn(
      { botId: exchange.botId, provider: route.provider.id, status: outcome.status },
      "trying the next key or provider",
    );
  }
}

/** @returns "answered", or what the bot would be told if there is no other way. */
async function attempt(
  proxy: Proxy,
  exchange: Exchange,
  route: Route,
  isLast: boolean,
): Promise<"answered" | Refusal> {
  const { deps, ledger } = proxy;
  const { call, req, res } = exchange;
  const entry = await reserve(proxy, exchange, route);
  const ending = new AbortController();
  const deadline = setTimeout(() => ending.abort(new Error("the call took too long")), LONGEST_CALL_MS);
  try {
    let answer: IncomingMessage;
    try {
      answer = await proxy.upstream.send(
        route,
        PATHS[call.api],
        { headers: req.headers, body: call.body },
        ending.signal,
      );
    } catch (err) {
      deps.log.error(
        { err, botId: exchange.botId, provider: route.provider.id },
        "the provider did not answer",
      );
      void ledger.settle(entry.close({ state: "settled", tokens: noTokens, reason: "no_answer" }));
      return refusals.providerDown;
    }
    entry.answered(answer);
    const status = answer.statusCode ?? 502;
    if (status >= 400) {
      const told = await readError(proxy, exchange, entry, answer);
      if (!told.isOurs && (isLast || !isWorthAnotherTry(status))) {
        passError(res, status, answer, told.text);
        return "answered";
      }
      return told.isOurs ? refusals.providerRefusesUs : { ...refusals.providerDown, status };
    }
    await passAnswer(proxy, exchange, entry, answer);
    return "answered";
  } finally {
    clearTimeout(deadline);
  }
}

/** A row of the ledger while its call runs. */
class Entry {
  readonly callId: string;
  readonly #call: CallRequest;
  readonly #price: ModelPrice;
  readonly #now: () => number;
  readonly #begunMs: number;
  #status: number | undefined;
  #requestId: string | undefined;
  #firstByteMs: number | undefined;
  reader: UsageReader | undefined;

  constructor(
    callId: string,
    { call, price, now }: { call: CallRequest; price: ModelPrice; now: () => number },
  ) {
    this.callId = callId;
    this.#call = call;
    this.#price = price;
    this.#now = now;
    this.#begunMs = now();
  }

  answered(answer: IncomingMessage): void {
    this.#status = answer.statusCode;
    this.#requestId = providerRequestId(answer.headers);
  }

  firstByte(): void {
    this.#firstByteMs = Math.round(this.#now() - this.#begunMs);
  }

  tokensSoFar(): Tokens | undefined {
    const reading = this.reader?.reading;
    if (!reading) return undefined;
    return reading.isFinal
      ? reading.tokens
      : estimateTokens(reading, this.#call.body.length, this.#call.maxOutput);
  }

  close({
    state,
    tokens,
    reason,
  }: {
    state: Settlement["state"];
    tokens: Tokens;
    reason: string | undefined;
  }): Settlement {
    return {
      callId: this.callId,
      state,
      tokens,
      costPicos: costPicos(tokens, this.#price),
      providerRequestId: this.#requestId,
      httpStatus: this.#status,
      firstByteMs: this.#firstByteMs,
      latencyMs: Math.round(this.#now() - this.#begunMs),
      reason,
    };
  }
}

async function reserve(
  { deps, ledger }: Proxy,
  { req, botId, call }: Exchange,
  { provider, price }: Route,
): Promise<Entry> {
  const callId = randomUUID();
  const reservedPicos = worstCasePicos(Math.min(call.maxInput, price.contextWindow), call.maxOutput, price);
  const reservation = {
    callId,
    botId,
    model: call.model,
    provider: provider.id,
    priceVersion: price.version,
    reservedPicos,
  };
  const result = await ledger.reserve({ ...reservation, traceId: traceId(req) }).catch((err: unknown) => {
    deps.log.error({ err, botId }, "the ledger cannot be reached, nothing goes out");
    throw new CallRefused(refusals.ledgerDown, err);
  });
  if (result.refusal) throw new CallRefused(budgetRefusal(result.refusal, deps.clock.now()));
  const entry = new Entry(callId, { call, price, now: () => deps.clock.monotonicMs() });
  ledger.track({ callId, price, tokensSoFar: () => entry.tokensSoFar() });
  return entry;
}

async function passAnswer(
  { deps, ledger, drains }: Proxy,
  exchange: Exchange,
  entry: Entry,
  answer: IncomingMessage,
): Promise<void> {
  const { call, res, botId } = exchange;
  const isStream = answer.headers["content-type"]?.includes("text/event-stream") ?? false;
  const reader = new UsageReader(call.api, isStream);
  entry.reader = reader;
  if (!res.destroyed)
    res.writeHead(answer.statusCode ?? 200, {
      ...returnHeaders(answer.headers),
      "x-molt-call": entry.callId,
    });
  const flushHeaders = setImmediate(() => res.flushHeaders());
  const end = await relay(answer, res, {
    reader,
    drains,
    dropUsageChunk: call.dropUsageChunk && isStream,
    onFirstByte: () => {
      clearImmediate(flushHeaders);
      entry.firstByte();
    },
  });
  if (end === "complete") {
    reader.end();
    res.end();
  } else res.destroy();
  const { reading } = reader;
  if (reading.isFinal && reading.nonsense === undefined) {
    await ledger.settle(entry.close({ state: "settled", tokens: reading.tokens, reason: undefined }));
    return;
  }
  const reason = estimateReason(end, reading);
  if (reading.nonsense !== undefined || end === "complete") {
    deps.log.error(
      { botId, callId: entry.callId, model: call.model, reason, nonsense: reading.nonsense },
      "the provider reported no usable numbers, the call is an estimate",
    );
  }
  const tokens = estimateTokens(reading, call.body.length, call.maxOutput);
  await ledger.settle(entry.close({ state: "estimated", tokens, reason }));
}

function estimateReason(end: RelayEnd, reading: Reading): string {
  if (reading.nonsense !== undefined) return `nonsense: ${reading.nonsense}`.slice(0, 200);
  if (reading.failed) return "error_event";
  return end === "complete" ? "no_usage" : end;
}

/** Reads the provider's error and closes the row: an error costs nothing unless it says otherwise. */
async function readError(
  proxy: Proxy,
  { botId, call }: Exchange,
  entry: Entry,
  answer: IncomingMessage,
): Promise<{ text: string; isOurs: boolean }> {
  const status = answer.statusCode ?? 502;
  const reader = new UsageReader(call.api, false);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > ERROR_BODY_BYTES) break;
      chunks.push(chunk);
    }
  } catch (err) {
    proxy.deps.log.warn({ err, botId }, "the provider's error was cut");
  }
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  const tokens = reader.reading.isFinal ? reader.reading.tokens : noTokens;
  void proxy.ledger.settle(entry.close({ state: "settled", tokens, reason: `upstream_${status}` }));
  const text = redactKeys(Buffer.concat(chunks).toString("utf8"), proxy.keys);
  const isOurs = isAboutOurAccount(status, text);
  const level = isOurs ? "error" : "warn";
  proxy.deps.log[level](
    { botId, callId: entry.callId, status, text: text.slice(0, 500) },
    "the provider answered an error",
  );
  return { text, isOurs };
}

function isWorthAnotherTry(status: number): boolean {
  return status === 429 || status >= 500;
}

function passError(res: ServerResponse, status: number, answer: IncomingMessage, text: string): void {
  const bytes = Buffer.from(text);
  res.writeHead(status, { ...returnHeaders(answer.headers), "content-length": bytes.length }).end(bytes);
}

/** The trace id of a W3C `traceparent`; undefined when there is none worth the name. */
function traceId(req: IncomingMessage): string | undefined {
  const header = req.headers["traceparent"];
  const id =
    typeof header === "string"
      ? /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}$/.exec(header)?.[1]
      : undefined;
  return id === "0".repeat(32) ? undefined : id;
}
