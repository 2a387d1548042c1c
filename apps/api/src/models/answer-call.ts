/**
 * One request of a bot, from the reservation to the settled row. Each attempt at a provider is a
 * call of its own with a row of its own, committed before the attempt.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Deps } from "../deps.ts";
import { failpoint } from "../failpoints.ts";
import { CallRow, traceIdOf } from "./call-row.ts";
import { noTokens, type Tokens } from "./cost.ts";
import { delivered, STALLED_MS } from "./delivered.ts";
import type { Route } from "./find-routes.ts";
import type { CallLedger } from "./ledger.ts";
import { passAnswer, passError, readError, SETTLE_PATIENCE_MS } from "./pass-answer.ts";
import type { ModelApi, Provider } from "./providers.ts";
import { type CallRequest, withBothLimits } from "./read-call.ts";
import { CallRefused, type Refusal, refusals } from "./refusals.ts";
import type { Drains } from "./relay.ts";
import type { ReservedLine, Upstream } from "./upstream.ts";
import { TimedOut } from "./upstream-line.ts";

export interface Proxy {
  deps: Pick<Deps, "db" | "log" | "clock">;
  ledger: CallLedger;
  upstream: Upstream;
  providers: readonly Provider[];
  /** All keys of all providers, for redaction. */
  keys: readonly string[];
  drains: Drains;
}

/** What answering a call needs of it. */
export interface CallProxy extends Pick<Proxy, "ledger" | "upstream" | "keys" | "drains"> {
  deps: Pick<Deps, "log" | "clock">;
}

export interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  botId: string;
  call: CallRequest;
  /** Hears what each attempt came to. */
  closed?: (tokens: Tokens) => void;
}

const PATHS: Record<ModelApi, string> = {
  "anthropic-messages": "/messages",
  "openai-completions": "/chat/completions",
  "openai-responses": "/responses",
};
/** No call lasts longer; the sweeper closes what is older than twice that. */
export const LONGEST_CALL_MS = 15 * 60_000;

/**
 * Tries the routes in order until one answers. The first byte decides: after it there is no second
 * provider. Resolves when the client has the answer.
 * @throws {CallRefused} when nothing was sent back yet. Otherwise the answer has been given.
 */
export async function answerCall(
  proxy: CallProxy,
  exchange: Exchange,
  routes: readonly Route[],
): Promise<void> {
  const { botId, res } = exchange;
  for (const [at, route] of routes.entries()) {
    const isLast = at === routes.length - 1 || res.destroyed;
    const failure = await tryRoute(proxy, exchange, { ...route, isLast });
    if (!failure) return delivered(res, STALLED_MS);
    if (isLast || res.destroyed) throw new CallRefused(failure);
    proxy.deps.log.warn(
      { botId, provider: route.provider.id, status: failure.status },
      "trying the next key or provider",
    );
  }
}

/** @returns what to tell the bot if there is no other way, or undefined when it has its answer. */
async function tryRoute(
  proxy: CallProxy,
  exchange: Exchange,
  route: Route & { isLast: boolean },
): Promise<Refusal | undefined> {
  const { deps, upstream } = proxy;
  // A connection may open while the reservation is written; no byte goes out on it before.
  let line: ReservedLine | undefined;
  try {
    line = upstream.reserve(route);
  } catch (err) {
    deps.log.error({ err, botId: exchange.botId }, "no connection is left for a call");
    return refusals.providerDown;
  }
  try {
    return await tryOn(line, { proxy, exchange, route });
  } finally {
    line.release();
  }
}

interface Attempt {
  proxy: CallProxy;
  exchange: Exchange;
  route: Route & { isLast: boolean };
}

async function tryOn(line: ReservedLine, { proxy, exchange, route }: Attempt): Promise<Refusal | undefined> {
  const { deps, ledger, drains, keys } = proxy;
  const { call, req, res, botId } = exchange;
  const row = await CallRow.reserve({
    ledger,
    clock: deps.clock,
    botId,
    call,
    route,
    traceId: traceIdOf(req),
    closed: exchange.closed,
  });
  const waiting = failpoint("after-intent");
  if (waiting) await waiting;
  const passing = { log: deps.log, drains, keys, botId, call, res, row };
  const body = route.provider.wantsBothLimits ? withBothLimits(call) : call.body;
  const message = { path: PATHS[call.api], headers: req.headers, body };
  const answer = await line.send(message, LONGEST_CALL_MS).catch((err: unknown) => {
    deps.log.error({ err, botId, provider: route.provider.id }, "the provider did not answer");
    closeUnanswered(row, err);
  });
  // What this attempt reserved is not to stand in the way of the next one.
  const madeRoom = () => (route.isLast ? undefined : row.closedWithin(SETTLE_PATIENCE_MS));
  if (!answer) {
    await madeRoom();
    return refusals.providerDown;
  }
  const { status } = answer;
  if (status < 300) {
    await passAnswer(passing, answer);
    return undefined;
  }
  const { text, isOurs } = await readError(passing, answer);
  await madeRoom();
  // A redirect is not followed: our key and the bot's words go to the configured address alone.
  if (isOurs || status < 400) return refusals.providerRefusesUs;
  if (isWorthAnotherTry(status) && !route.isLast) return { ...refusals.providerDown, status };
  if (!res.destroyed) passError(res, answer, text);
  return undefined;
}

/**
 * Nothing says that a provider that failed has served the call: it costs nothing, or an outage would
 * eat up caps. One that works on while we wait no longer does serve it, and has the question at least.
 * @throws {CallRefused} in that case: the call has had its time, and no other provider is asked.
 */
function closeUnanswered(row: CallRow, error: unknown): void {
  if (!(error instanceof TimedOut)) {
    void row.close({ state: "settled", tokens: noTokens, reason: "no_answer" });
    return;
  }
  void row.close({ state: "estimated", tokens: row.estimate(), reason: "timed_out" });
  throw new CallRefused(refusals.providerDown, error);
}

function isWorthAnotherTry(status: number): boolean {
  return status === 429 || status >= 500;
}
