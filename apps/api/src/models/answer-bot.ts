/** One request of a bot to a model, between the door and the provider: price, loops, tokens a minute. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerCall, type Proxy } from "./answer-call.ts";
import { fingerprint, type LoopGuard } from "./breaker-loop.ts";
import { type Caps, selectBudget } from "./budget-table.ts";
import { type Tokens, totalInput } from "./cost.ts";
import { findRoutes } from "./find-routes.ts";
import type { Limiter } from "./limiter.ts";
import type { ModelApi } from "./providers.ts";
import { type CallRequest, readCall } from "./read-call.ts";
import {
  CallRefused,
  heldRefusal,
  modelNotAvailable,
  type Refusal,
  tooDear,
  tooManyTokens,
} from "./refusals.ts";

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
    throw await explain(state, botId, error);
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

/** The reservation says what stands in the way; its owner wants to hear why, and what to do about it. */
async function explain({ deps }: Proxy, botId: string, error: CallRefused): Promise<CallRefused> {
  const { reason, reservedPicos = 0n } = error.refusal;
  const cap = reason ? capOf[reason] : undefined;
  if (reason !== "held" && !cap) return error;
  const budget = await selectBudget(deps.db, botId).catch((err: unknown) => {
    deps.log.warn({ err, botId }, "why a call is refused could not be read");
  });
  if (!budget) return error;
  if (!cap) return new CallRefused(heldRefusal(budget.heldReason ?? undefined), error);
  // Nothing is used up, and waiting would not help: not even an untouched cap has room for it.
  const [limit, spent] = [budget[cap.column], cap.spent ? budget[cap.spent] : 0n];
  const isTooDear = spent < limit && reservedPicos > limit;
  return isTooDear ? new CallRefused(tooDear(cap.of, reservedPicos, limit), error) : error;
}

interface CapWords {
  column: keyof Caps;
  spent?: "dayPicos" | "monthPicos" | "unattendedDayPicos";
  of: string;
}

const capOf: { [R in NonNullable<Refusal["reason"]>]?: CapWords } = {
  run_cap: { column: "runCapPicos", of: "of one task" },
  day_cap: { column: "dayCapPicos", spent: "dayPicos", of: "of today" },
  month_cap: { column: "monthCapPicos", spent: "monthPicos", of: "of this month" },
  unattended_cap: {
    column: "unattendedDayCapPicos",
    spent: "unattendedDayPicos",
    of: "of today's work without you",
  },
};
