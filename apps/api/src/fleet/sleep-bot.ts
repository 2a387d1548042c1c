/** Puts a bot to sleep: only when it is idle by its own word, and never against a message. */
import { DoorError, type Preparation } from "./door.ts";
import type { FlyMachine } from "./fly.ts";
import { doorOf, type HeldBot, pause, refOf, renew } from "./held-bot.ts";
import { markAsleep, stayAwake } from "./table.ts";

/** After so many failed suspends the bot is stopped instead: it keeps its disk and wakes cold. */
const suspendTries = 3;
/** Over 15 s were seen for large memory (fly.md section 3). */
const freezeMs = 30_000;

/** Fenced by the bot, written down, then frozen. A bot at work, or spoken to meanwhile, stays awake. */
export async function sleepBot(held: HeldBot, machine: FlyMachine): Promise<void> {
  const { deps, limits } = held.tools;
  if (held.bot.attempts >= suspendTries) return stopInstead(held, machine);
  const prepared = await prepare(held);
  const soon = deps.clock.now().getTime() + limits.soonMs;
  if (!prepared.ready) return keepAwake(held);
  if (prepared.nextWakeAt !== null && prepared.nextWakeAt.getTime() < soon) {
    await liftFence(held, prepared.suspensionId);
    return keepAwake(held);
  }
  await renew(held);
  const { suspensionId, nextWakeAt: wakeAt } = prepared;
  if (!(await tell(held, { suspensionId, wakeAt }))) return liftFence(held, suspensionId);
  await freeze(held, machine);
}

/** The same id for the same sleep, so that trying again renews the fence instead of meeting it. */
async function prepare(held: HeldBot): Promise<Preparation> {
  const requestId = `sleep-${held.bot.last_active_at.getTime()}`;
  return held.tools.door.prepareSleep(doorOf(held), requestId, held.signal);
}

/** From this write on a message finds the bot asleep and asks for a wake. */
async function tell(
  held: HeldBot,
  sleep: { suspensionId: string | null; wakeAt: Date | null },
): Promise<boolean> {
  const { deps } = held.tools;
  return deps.db.transaction().execute(async (trx) => {
    const asleep = await markAsleep(trx, held.bot, sleep);
    if (asleep) await deps.events.publish(trx, { kind: "bot", botId: held.bot.id, userId: held.bot.user_id });
    return asleep;
  });
}

/** Watches the wish while it waits: a message that comes now need not wait for the freeze (F69). */
async function freeze(held: HeldBot, machine: FlyMachine): Promise<void> {
  const { deps, fly } = held.tools;
  await fly.suspend(refOf(held, machine), held.signal);
  const until = deps.clock.monotonicMs() + freezeMs;
  while (deps.clock.monotonicMs() < until) {
    if (await fly.wait(refOf(held, machine), { state: "suspended", timeoutS: 1 }, held.signal)) return;
    await renew(held);
    if (held.bot.desired !== "asleep") return;
  }
}

async function stopInstead(held: HeldBot, machine: FlyMachine): Promise<void> {
  const { deps, fly } = held.tools;
  deps.log.warn(
    { botId: held.bot.id, machine: machine.id },
    "a bot could not be suspended and is stopped instead",
  );
  // What an earlier try has heard of its schedule holds; what lies behind us was of another sleep.
  const { wake_at: heard } = held.bot;
  const wakeAt = heard !== null && heard > deps.clock.now() ? heard : null;
  if (!(await tell(held, { suspensionId: null, wakeAt }))) return;
  await fly.stop(refOf(held, machine), held.signal);
  await pause(held);
}

async function keepAwake(held: HeldBot): Promise<void> {
  await stayAwake(held.tools.deps.db, held.bot);
}

/** The fence opens by itself after two minutes, so a door that does not answer is no drama. */
async function liftFence(held: HeldBot, suspensionId: string): Promise<void> {
  const { deps, door } = held.tools;
  try {
    await door.resume(doorOf(held), suspensionId, held.signal);
  } catch (err) {
    if (!(err instanceof DoorError)) throw err;
    deps.log.warn(
      { botId: held.bot.id, err },
      "the fence of a bot that stays awake was not lifted, it opens by itself",
    );
  }
}
