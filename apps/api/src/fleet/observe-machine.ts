import type { FlyMachine } from "./fly.ts";
import { type HeldBot, refOf, save } from "./held-bot.ts";
import { type Observed, observedState } from "./next-step.ts";

export interface Observation {
  state: Observed;
  machine: FlyMachine | undefined;
}

/**
 * What Fly has of this bot. A machine whose id we know is asked for by its id: an empty list by
 * mistake must not make a second one (F45). One we do not know yet is found by its metadata and
 * adopted (F35, F44). Should there be two, the oldest counts and the others go.
 */
export async function observeMachine(held: HeldBot): Promise<Observation> {
  const { bot, tools } = held;
  const { fly_app_id: app } = bot;
  if (app === null) return { state: "absent", machine: undefined };
  const known =
    bot.machine_id === null
      ? undefined
      : await tools.fly.getMachine({ app, machine: bot.machine_id }, held.signal);
  if (known !== undefined && observedState(known) !== "absent")
    return { state: observedState(known), machine: known };
  const listed = await ours(held, app);
  const outdated = listed.filter((machine) => generationOf(machine) < bot.generation);
  const [machine, ...doubles] = listed
    .filter((one) => !outdated.includes(one))
    .toSorted((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
  for (const useless of [...outdated, ...doubles]) {
    tools.deps.log.warn({ botId: bot.id, machine: useless.id }, "a machine that nobody needs is destroyed");
    await tools.fly.destroy(refOf(held, useless), held.signal);
  }
  // The volume of an outdated machine is free only when that machine is gone.
  if (outdated.length > 0) return { state: "changing", machine: undefined };
  if (machine !== undefined && machine.id !== bot.machine_id)
    await save(held, { machine_id: machine.id, region: machine.region });
  return { state: observedState(machine), machine };
}

async function ours(held: HeldBot, app: string): Promise<FlyMachine[]> {
  const machines = (await held.tools.fly.listMachines(app, held.signal)) ?? [];
  return machines.filter(
    (machine) =>
      machine.config?.metadata?.["molt_bot"] === held.bot.id && observedState(machine) !== "absent",
  );
}

/** A machine that does not say is taken as of now: destroying on a gap in an answer would be worse. */
function generationOf(machine: FlyMachine): number {
  const said = Number(machine.config?.metadata?.["molt_gen"]);
  return Number.isInteger(said) ? said : Number.MAX_SAFE_INTEGER;
}
