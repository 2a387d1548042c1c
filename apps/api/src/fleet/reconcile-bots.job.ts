/**
 * The one loop that moves bots. Webhooks, users and clocks change what is wanted; this makes it so,
 * on any number of workers: each bot is leased, and a worker that lost its lease writes nothing.
 */
import type { Deps } from "../deps.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import { probeGateway } from "../link/probe-gateway.ts";
import { createDoor } from "./door.ts";
import { FleetFailure } from "./failures.ts";
import { isFlyError } from "./fly-error.ts";
import { createFly } from "./fly.ts";
import { type FleetTools, type HeldBot, holding, save } from "./held-bot.ts";
import { fleetLimits } from "./limits.ts";
import { moveBot, type Outcome } from "./move-bot.ts";
import { claimBots, type LeasedBot, LeaseLost, lookAtAwake, releaseBot } from "./table.ts";

/** Where only an operator can help, trying fast helps nobody. */
const operatorWaitMs = 60_000;

export const fleetTools = (deps: Deps): FleetTools => ({
  deps,
  fly: createFly(deps.config.fly, deps.clock),
  door: createDoor(deps.config.fly),
  probe: probeGateway,
  limits: fleetLimits,
});

/** Ending it aborts what is under way: every step may be taken again by whoever comes next. */
export function reconcileLoop(deps: Deps, tools: FleetTools = fleetTools(deps)): Loop {
  const over = new AbortController();
  const moving = new Set<Promise<void>>();
  let first = true;
  const loop = startLoop(deps, {
    name: "reconcile-bots",
    everyMs: tools.limits.claimEveryMs,
    wakeOn: "bot",
    async run() {
      const free = tools.limits.atOnce - moving.size;
      if (free <= 0 || over.signal.aborted) return "";
      // The world may have been restarted with us: whoever should be awake is looked at now.
      if (first) await lookAtAwake(deps.db);
      first = false;
      // A slow bot holds up no other: this run only hands them out.
      for (const bot of await claimBots(deps.db, free, tools.limits.leaseMs)) {
        const move = reconcileBot(tools, bot, over.signal).then(() => void moving.delete(move));
        moving.add(move);
      }
      return "";
    },
  });
  return {
    async stop() {
      over.abort();
      await loop.stop();
      await Promise.all(moving);
    },
  };
}

/** Moves one bot that was claimed and gives it back. Never throws: the row says when it is tried again. */
export async function reconcileBot(tools: FleetTools, bot: LeasedBot, signal: AbortSignal): Promise<void> {
  const { log } = tools.deps;
  try {
    await holding(tools, { bot, signal }, async (held) => {
      try {
        await giveBack(held, await moveBot(held));
      } catch (error) {
        if (held.signal.aborted || error instanceof LeaseLost) throw error;
        await handle(held, error);
      }
    });
  } catch (err) {
    if (signal.aborted) return;
    // The lease runs out by itself, and another worker takes the bot from where it stands.
    if (err instanceof LeaseLost) log.info({ botId: bot.id }, "another worker has the bot now");
    else log.error({ botId: bot.id, err }, "a bot was let go of, it is taken up when its lease ends");
  }
}

async function giveBack(held: HeldBot, outcome: Outcome): Promise<void> {
  const { deps, limits } = held.tools;
  const look = held.bot.desired === "running" ? limits.lookAwakeMs : limits.lookAsleepMs;
  await releaseBot(deps.db, held.bot, {
    attempts: 0,
    lookMs: outcome === "settled" ? jitter(look) : limits.pollMs,
  });
}

async function handle(held: HeldBot, error: unknown): Promise<void> {
  const { deps, limits } = held.tools;
  const { bot } = held;
  if (error instanceof FleetFailure) return fail(held, error);
  const attempts = bot.attempts + 1;
  const needsOperator = isFlyError(error, "unauthorized", "quota");
  deps.log[needsOperator ? "error" : "warn"](
    { botId: bot.id, step: bot.step, attempts, err: error },
    "a bot could not be moved, will be tried again",
  );
  const onItsWay = bot.status === "provisioning" || bot.status === "waking";
  if (onItsWay && bot.desired === "running" && attempts >= limits.tries) {
    const full = isFlyError(error, "region_full", "volume_host_full", "host_full", "quota");
    return fail(held, new FleetFailure(full ? "no_capacity" : "machine_host", { cause: error }));
  }
  const lookMs = needsOperator ? operatorWaitMs : Math.min(limits.retryMaxMs, limits.retryMs * 2 ** attempts);
  await releaseBot(deps.db, bot, { attempts, lookMs: jitter(lookMs) });
}

/** The person decides what comes next; until then the machine costs nothing but its disk. */
async function fail(held: HeldBot, failure: FleetFailure): Promise<void> {
  const { deps, fly } = held.tools;
  const { bot } = held;
  deps.log.error({ botId: bot.id, step: bot.step, code: failure.code, err: failure }, "a bot has failed");
  await save(held, {
    status: "failed",
    failure_code: failure.code,
    failure_message: failure.message,
    attempts: 0,
  });
  await releaseBot(deps.db, held.bot, { attempts: 0, lookMs: 0 });
  if (bot.fly_app_id === null || bot.machine_id === null) return;
  await fly.stop({ app: bot.fly_app_id, machine: bot.machine_id }, held.signal).catch((err: unknown) => {
    deps.log.warn(
      { botId: bot.id, err },
      "the machine of a failed bot may still run; asking again for the bot finds it",
    );
  });
}

/** Between half and the whole of it, so that what failed together is not tried together. */
const jitter = (ms: number): number => ms * (0.5 + Math.random() / 2);
