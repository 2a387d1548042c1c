/** One request of a bot to a model, between the door and the provider: price, loops, tokens a minute. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerCall, type Proxy } from "./answer-call.ts";
import { fingerprint, type LoopGuard } from "./breaker-loop.ts";
import { selectBudget } from "./budget-table.ts";
import { type Tokens, totalInput } from "./cost.ts";
import { findRoutes } from "./find-routes.ts";
import type { Limiter } from "./limiter.ts";
import type { ModelApi } from "./providers.ts";
import { type CallRequest, readCall } from "./read-call.ts";
import { CallRefused, heldRefusal, modelNotAvailable, tooManyTokens } from "./refusals.ts";

export interface BotRequest {
  req: IncomingMessage;
  res: ServerResponse;
  body: Buffer;
  botId: string;
}

/** What of the server a call needs. */
export interface Answering extends Proxy {
  limiter: Limiter;
  loops: LoopGuard;
}

/** @throws {CallRefused} when nothing was sent back yet. Otherwise the answer has been given. */
export async function answerBot(state: Answering, request: BotRequest, api: ModelApi): Promise<void> {
  const { req, res, body, botId } = request;
  const call = readCall(api, body);
  const day = state.deps.clock.now().toISOString().slice(0, 10);
  const routes = findRoutes(state.providers, { api, model: call.model, day });
  if (routes.length === 0) {
    state.deps.log.warn(
      { botId, model: call.model, api },
      "refused a model that no provider has a price for",
    );
    throw modelNotAvailable(call.model);
  }
  const used = state.limiter.takeTokens(botId, expectedTokens(call));
  if (typeof used === "number") throw tooManyTokens(used);
  const closed = (tokens: Tokens) => used(countedTokens(tokens));
  try {
    await state.loops.watch(botId, fingerprint(api, body), () =>
      answerCall(state, { req, res, botId, call, closed }, routes),
    );
  } catch (error) {
    if (!(error instanceof CallRefused)) throw error;
    used(0);
    throw error.refusal.reason === "held" ? await explainHold(state, botId, error) : error;
  }
}

/** Text has about four bytes a token; what is not text was bounded by its own kind. */
function expectedTokens({ maxInput, maxOutput, body }: CallRequest): number {
  return Math.ceil(Math.min(maxInput, body.length) / 4) + maxOutput;
}

/** As providers count them: what came out of a cache is free. */
function countedTokens(tokens: Tokens): number {
  return totalInput(tokens) - tokens.cacheRead + tokens.output;
}

/** The reservation says that a bot is held; the owner wants to hear why. */
async function explainHold({ deps }: Proxy, botId: string, error: CallRefused): Promise<CallRefused> {
  const budget = await selectBudget(deps.db, botId).catch((err: unknown) => {
    deps.log.warn({ err, botId }, "why a bot is held could not be read");
  });
  return budget ? new CallRefused(heldRefusal(budget.heldReason ?? undefined), error) : error;
}
