import type { Deps } from "../deps.ts";
import { holdBot } from "./hold-bot.ts";
import { CallRefused, heldRefusal, refusals } from "./refusals.ts";

/**
 * Stops a bot that runs in a loop, and answers the call that was one too many.
 * @throws {CallRefused} always: 402 with the reason, or 503 when the stop could not be written.
 */
export async function stopLoop({ db, log }: Pick<Deps, "db" | "log">, botId: string): Promise<never> {
  const isNew = await holdBot(db, botId, { reason: "loop", note: null }).catch((cause: unknown) => {
    log.error({ err: cause, botId }, "a bot in a loop could not be stopped");
    throw new CallRefused(refusals.ledgerDown, cause);
  });
  if (isNew) log.warn({ botId, reason: "loop" }, "the breaker stopped a bot's spending");
  throw new CallRefused(heldRefusal("loop"));
}
