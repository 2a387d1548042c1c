/**
 * A bot learns its key at the birth of its machine, so a new key comes with a new machine, which takes
 * over the disk. That happens when the machine is at rest anyway: nobody waits longer than for a cold
 * wake. Only a machine that never rests is renewed in its work, when the time is up.
 */
import type { FlyMachine } from "./fly.ts";
import { type HeldBot, refOf, save } from "./held-bot.ts";
import { newModelKey } from "./model-key.ts";
import type { Step } from "./next-step.ts";

/** The old key goes on for as long as a machine with it may take to go. */
const OVERLAP_MS = 10 * 60_000;

export function isRenewalDue({ bot, tools }: HeldBot, step: Step): boolean {
  const by = bot.renew_machine_by;
  if (by === null) return false;
  return step === "start" || (step === "greet" && by <= tools.deps.clock.now());
}

/**
 * Written down first: a machine of an older generation is destroyed whenever it is seen, so a worker
 * that dies here leaves no question. The next one is made with the new key (exchangeKey).
 */
export async function renewMachine(held: HeldBot, machine: FlyMachine): Promise<void> {
  const { deps, fly } = held.tools;
  const generation = held.bot.generation + 1;
  await save(held, { generation, machine_id: null, suspension_id: null, step: "machine" });
  deps.log.info({ botId: held.bot.id, machine: machine.id, generation }, "a bot's machine is renewed");
  await fly.destroy(refOf(held, machine), held.signal);
  await fly.wait(refOf(held, machine), { state: "destroyed", timeoutS: 20 }, held.signal);
}

/** Right before a machine is made: from here on the new key is the key, and the old one has an end. */
export async function exchangeKey(held: HeldBot): Promise<void> {
  const { deps } = held.tools;
  await save(held, {
    ...newModelKey(deps.config.masterKey, held.bot.id),
    previous_key_hash: held.bot.model_key_hash,
    previous_key_until: new Date(deps.clock.now().getTime() + OVERLAP_MS),
    renew_machine_by: null,
  });
}
