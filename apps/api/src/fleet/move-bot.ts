/**
 * Takes one bot, step by step, to where it should be. Reads what is wanted and what is there and
 * nothing else, so an event that is lost, doubled or late changes when a step is taken, never which.
 */
import type { FlyMachine } from "./fly.ts";
import { makeMachine } from "./birth-bot.ts";
import { FleetFailure } from "./failures.ts";
import { isFlyError } from "./fly-error.ts";
import { greetBot, replaceMachine } from "./greet-bot.ts";
import { isRenewalDue, renewMachine } from "./renew-machine.ts";
import { type HeldBot, pause, refOf, renew, save } from "./held-bot.ts";
import { lastCrash, nextStep, type Step } from "./next-step.ts";
import { observeMachine } from "./observe-machine.ts";
import { sleepBot } from "./sleep-bot.ts";

/** Settled: as it should be. Later: on its way, another turn soon. */
export type Outcome = "settled" | "later";

export async function moveBot(held: HeldBot): Promise<Outcome> {
  const { clock } = held.tools.deps;
  const until = clock.monotonicMs() + held.tools.limits.sliceMs;
  while (clock.monotonicMs() < until) {
    await renew(held);
    const { state, machine } = await observeMachine(held);
    const step = nextStep[held.bot.desired][state];
    const outcome = await take(held, step, machine);
    if (outcome !== "again") return outcome;
  }
  return "later";
}

async function take(held: HeldBot, step: Step, machine: FlyMachine | undefined): Promise<Outcome | "again"> {
  switch (step) {
    case "create":
      await begin(held);
      await makeMachine(held);
      return "again";
    case "wait":
      await pause(held);
      return "again";
    case "settle":
      return settle(held);
    case "remove":
      return removeAll(held);
    case "start":
    case "greet":
    case "replace":
    case "sleep":
    case "stop":
    case "destroy":
      // Each of these is taken on a machine that was observed.
      return machine === undefined ? "again" : act(held, step, machine);
  }
}

async function act(
  held: HeldBot,
  step: Exclude<Step, "create" | "wait" | "settle" | "remove">,
  machine: FlyMachine,
): Promise<Outcome | "again"> {
  const { fly } = held.tools;
  if (isRenewalDue(held, step)) {
    await begin(held);
    await renewMachine(held, machine);
    return "again";
  }
  switch (step) {
    case "start":
      return startMachine(held, machine);
    case "greet":
      if (held.bot.status === "running") return "settled";
      await begin(held);
      return (await greetBot(held, machine)) ? "settled" : "again";
    case "replace":
      await begin(held);
      await replaceMachine(held, machine);
      return "again";
    case "sleep":
      await sleepBot(held, machine);
      return "again";
    case "stop":
      await fly.stop(refOf(held, machine), held.signal);
      await fly.wait(
        refOf(held, machine),
        { state: "stopped", timeoutS: 25, instanceId: machine.instance_id },
        held.signal,
      );
      return "again";
    case "destroy":
      if (held.bot.status !== "deleting") await save(held, { status: "deleting" });
      await fly.destroy(refOf(held, machine), held.signal);
      await fly.wait(refOf(held, machine), { state: "destroyed", timeoutS: 25 }, held.signal);
      return "again";
  }
}

/** From rest to movement: what the person sees, before anything moves. */
async function begin(held: HeldBot): Promise<void> {
  const { status, boot_id: lived } = held.bot;
  if (status === "provisioning" || status === "waking") return;
  const shown =
    lived === null
      ? ({ status: "provisioning", step: "queued" } as const)
      : ({ status: "waking", step: "boot" } as const);
  await save(held, { ...shown, attempts: 0 });
}

async function startMachine(held: HeldBot, machine: FlyMachine): Promise<"again" | "later"> {
  const { fly } = held.tools;
  await begin(held);
  const crashes = await countCrash(held, machine);
  if (crashes > 1) await pause(held, held.tools.limits.retryMs * 2 ** crashes);
  await renew(held);
  if (held.bot.desired !== "running") return "again";
  await fly.start(refOf(held, machine), held.signal);
  await fly
    .wait(refOf(held, machine), { state: "started", timeoutS: 2 }, held.signal)
    .catch((error: unknown) => {
      // The host may still be preparing its image; the next look finds out.
      if (!isFlyError(error, "precondition", "conflict")) throw error;
    });
  return "again";
}

/** Each unasked exit counts once, however often it is seen. @throws {FleetFailure} at the third. */
async function countCrash(held: HeldBot, machine: FlyMachine): Promise<number> {
  const { bot, tools } = held;
  const at = lastCrash(machine);
  if (at === undefined || (bot.crashed_at !== null && at <= bot.crashed_at)) return 0;
  const close =
    bot.crashed_at !== null && at.getTime() - bot.crashed_at.getTime() < tools.limits.crashWindowMs;
  const crashes = close ? bot.crashes + 1 : 1;
  await save(held, { crashes, crashed_at: at });
  tools.deps.log.warn({ botId: bot.id, machine: machine.id, crashes }, "a bot's machine stopped by itself");
  if (crashes >= tools.limits.crashes) throw new FleetFailure("crashes");
  return crashes;
}

async function settle(held: HeldBot): Promise<Outcome> {
  const { status, desired } = held.bot;
  if (desired === "paused" && status !== "paused")
    await save(held, { status: "paused", step: "ready", suspension_id: null });
  // A bot that went down by another way than sleep-bot.ts, such as a stopped machine.
  if (desired === "asleep" && status !== "asleep") await save(held, { status: "asleep", step: "ready" });
  return "settled";
}

/**
 * The machine is gone: its disk and its app follow. The row stays, with nothing in it that leads to Fly,
 * until the account's row takes it along: what the bot used may still have to be billed.
 */
async function removeAll(held: HeldBot): Promise<Outcome> {
  const { deps, fly } = held.tools;
  const { bot } = held;
  if (bot.status !== "deleting") await save(held, { status: "deleting" });
  if (bot.fly_app_id !== null && (await fly.getApp(bot.fly_app_id, held.signal)) !== undefined) {
    // Deleting the app takes its volumes along; a disk full of somebody's memories is not left to that.
    for (const volume of await fly.listVolumes(bot.fly_app_id, held.signal))
      await fly.deleteVolume(bot.fly_app_id, volume.id, held.signal);
    await fly.deleteApp(bot.fly_app_id, held.signal);
  }
  await save(held, {
    fly_app_id: null,
    machine_id: null,
    volume_id: null,
    gateway_token: null,
    step: "ready",
  });
  await deps.events.publish(deps.db, { kind: "account", userId: bot.user_id });
  return "settled";
}
