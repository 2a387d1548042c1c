/** From a started machine to a bot one can talk to: ready, fence lifted, a first handshake. */
import { queueMail } from "../mail/queue-mail.ts";
import { DoorError } from "./door.ts";
import { FleetFailure } from "./failures.ts";
import type { FlyMachine } from "./fly.ts";
import { appOf, doorOf, gatewayToken, type HeldBot, pause, refOf, renew, save } from "./held-bot.ts";
import { writeBot } from "./table.ts";

/** How long one look at the door may go on before the machine itself is looked at again. */
const patienceMs = 2_000;
const probeTimeoutMs = 15_000;

/** True when the bot is running now; false when it needs more time and the next look at its machine. */
export async function greetBot(held: HeldBot, machine: FlyMachine): Promise<boolean> {
  const { limits } = held.tools;
  if (held.bot.step !== "boot" && held.bot.step !== "connect") await save(held, { step: "boot" });
  if (held.bot.step === "boot") {
    // A resumed gateway calls itself not ready while it is fenced, so the fence goes first.
    await liftFence(held);
    if (!(await isReady(held))) {
      if (held.bot.step_age_ms > limits.bootMs) await replaceMachine(held, machine);
      return false;
    }
    await save(held, { step: "connect" });
  }
  const hello = await shakeHands(held);
  if (hello !== undefined) {
    await welcome(held, hello.bootId);
    return true;
  }
  if (held.bot.step_age_ms > limits.connectMs) await replaceMachine(held, machine);
  else await pause(held);
  return false;
}

/** Lifts the fence under which the bot went to sleep. A bot that had to boot has none, and is asked all the same. */
async function liftFence(held: HeldBot): Promise<void> {
  const { suspension_id: suspensionId } = held.bot;
  if (suspensionId === null) return;
  const lifted = await held.tools.door
    .resume(doorOf(held), suspensionId, held.signal)
    .catch((error: unknown) => {
      held.signal.throwIfAborted();
      if (error instanceof DoorError) return false; // nobody there yet: asked again at the next look
      throw error;
    });
  if (lifted) await save(held, { suspension_id: null });
}

async function isReady(held: HeldBot): Promise<boolean> {
  const { deps, door } = held.tools;
  const until = deps.clock.monotonicMs() + patienceMs;
  do {
    if (await door.isReady(appOf(held), held.signal)) return true;
    await pause(held);
  } while (deps.clock.monotonicMs() < until);
  await renew(held);
  return false;
}

async function shakeHands(held: HeldBot): Promise<{ bootId: string } | undefined> {
  const { deps, probe } = held.tools;
  const { bot } = held;
  try {
    const signal = AbortSignal.any([held.signal, AbortSignal.timeout(probeTimeoutMs)]);
    return await probe(
      deps,
      { botId: bot.id, flyAppId: appOf(held), gatewayToken: gatewayToken(held) },
      signal,
    );
  } catch (err) {
    held.signal.throwIfAborted();
    deps.log.info({ botId: bot.id, err }, "a bot is ready but does not talk yet, will be tried again");
    await renew(held);
    return undefined;
  }
}

/** Running, told to everybody, and on the first day a mail: all of it or nothing. */
async function welcome(held: HeldBot, bootId: string): Promise<void> {
  const { deps } = held.tools;
  const firstTime = held.bot.boot_id === null;
  held.bot = await deps.db.transaction().execute(async (trx) => {
    const row = await writeBot(trx, held.bot, {
      status: "running",
      step: "ready",
      boot_id: bootId,
      suspension_id: null,
      wake_at: null,
      attempts: 0,
      replacements: 0,
      failure_code: null,
      failure_message: null,
    });
    if (firstTime) {
      const owner = await trx
        .selectFrom("app.users")
        .select("email")
        .where("id", "=", row.user_id)
        .executeTakeFirstOrThrow();
      await queueMail(trx, {
        key: `bot-ready/${row.id}`,
        recipient: owner.email,
        template: "bot-ready",
        data: {},
      });
    }
    await deps.events.publish(trx, { kind: "bot", botId: row.id, userId: row.user_id });
    return row;
  });
}

/**
 * Gives the machine up and lets another one take its disk (F39). Written down first: a machine of an
 * older generation is destroyed whenever it is seen, so a worker that dies here leaves no question.
 * @throws {FleetFailure} after two replacements.
 */
export async function replaceMachine(held: HeldBot, machine: FlyMachine): Promise<void> {
  const { deps, fly, limits } = held.tools;
  const { bot } = held;
  if (bot.replacements >= limits.replacements) throw new FleetFailure("never_ready");
  await save(held, {
    generation: bot.generation + 1,
    replacements: bot.replacements + 1,
    machine_id: null,
    step: "machine",
  });
  deps.log.warn(
    { botId: bot.id, machine: machine.id, generation: held.bot.generation },
    "a bot's machine is replaced",
  );
  await fly.destroy(refOf(held, machine), held.signal);
  await fly.wait(refOf(held, machine), { state: "destroyed", timeoutS: 20 }, held.signal);
}
