/**
 * Makes what a bot needs at Fly: app with its own network and private address, volume, machine. Each
 * part is looked for before it is made and adopted when it is there, because a lost answer does not
 * mean that nothing happened. Each step is written down before the next one begins.
 */
import { botSteps, type BotStep } from "@molt/contract";
import { FleetFailure } from "./failures.ts";
import { FlyError, isFlyError } from "./fly-error.ts";
import type { FlyApp, FlyVolume } from "./fly.ts";
import { appOf, type HeldBot, renew, save } from "./held-bot.ts";
import {
  appName,
  gatewayNetwork,
  machineConfig,
  machineName,
  nameAttempts,
  volumeName,
  volumeRequest,
} from "./machine-config.ts";
import { exchangeKey } from "./renew-machine.ts";

/** Everything up to a machine that Fly has accepted. What is there already is kept. */
export async function makeMachine(held: HeldBot): Promise<void> {
  await enter(held, "app");
  await ensureApp(held);
  await enter(held, "volume");
  const volumeId = await ensureVolume(held);
  await enter(held, "machine");
  await createMachine(held, volumeId);
}

/** Progress only moves forward: a second look at the app is no step back for the person who watches. */
async function enter(held: HeldBot, step: BotStep): Promise<void> {
  if (botSteps.indexOf(step) > botSteps.indexOf(held.bot.step)) await save(held, { step });
  if (held.bot.step_age_ms > held.tools.limits.birthStepMs)
    throw new FleetFailure(step === "app" ? "machine_host" : "no_capacity");
}

async function ensureApp(held: HeldBot): Promise<void> {
  for (let attempt = 1; attempt <= nameAttempts; attempt += 1) {
    if (held.bot.fly_app_id === null) await save(held, { fly_app_id: appName(held.bot.id, attempt) });
    const app = await ourApp(held, appOf(held));
    if (app !== undefined) {
      await checkNetwork(held, app);
      return ensureAddress(held, app.name);
    }
    // Somebody else's: the next name is written down before it is tried.
    await save(held, { fly_app_id: appName(held.bot.id, attempt + 1) });
  }
  throw new FleetFailure("name_lost");
}

/** Looks, creates, and looks again. Undefined: the name belongs to a stranger. */
async function ourApp(held: HeldBot, name: string): Promise<FlyApp | undefined> {
  const { fly } = held.tools;
  try {
    const found = await fly.getApp(name, held.signal);
    if (found !== undefined) return found;
    await renew(held);
    await fly.createApp({ name, network: name }, held.signal).catch((error: unknown) => {
      // Taken between our look and our create, or by an own create whose answer was lost.
      if (!isFlyError(error, "name_taken", "conflict")) throw error;
    });
    const made = await fly.getApp(name, held.signal);
    if (made === undefined) throw new FlyError("transient", `app ${name} is taken, yet cannot be seen`);
    return made;
  } catch (error) {
    if (isFlyError(error, "foreign")) return undefined;
    throw error;
  }
}

/** The network cannot be changed later, and the wrong one is shared with other tenants (F43). */
async function checkNetwork(held: HeldBot, app: FlyApp): Promise<void> {
  const { deps, fly } = held.tools;
  const network = app.network ?? (await fly.networkOf(app.name, held.signal));
  if (network === app.name) return;
  deps.log.error(
    { botId: held.bot.id, app: app.name, network },
    "a bot's app is in the wrong network: quarantined",
  );
  throw new FleetFailure("wrong_network");
}

/** Exactly private: an address of the public internet at a bot is as bad as the wrong network. */
async function ensureAddress(held: HeldBot, name: string): Promise<void> {
  const { deps, fly } = held.tools;
  const ips = await fly.listIps(name, held.signal);
  const isPrivate = (ip: string): boolean => ip.toLowerCase().startsWith("fdaa:");
  if (!ips.every(isPrivate)) {
    deps.log.error({ botId: held.bot.id, app: name, ips }, "a bot's app has a public address: quarantined");
    throw new FleetFailure("wrong_network");
  }
  if (ips.length > 0) return;
  const { ip } = await fly.allotFlycast(name, gatewayNetwork, held.signal);
  if (!isPrivate(ip)) throw new FleetFailure("wrong_network");
}

async function ensureVolume(held: HeldBot): Promise<string> {
  const { bot, tools } = held;
  const app = appOf(held);
  const regions = tools.deps.config.fly.regions;
  const region = bot.region ?? regions[0] ?? "iad";
  const volumes = (await tools.fly.listVolumes(app, held.signal)).filter(
    (volume) => volume.name === volumeName,
  );
  const kept =
    volumes.find((volume) => volume.id === bot.volume_id) ??
    volumes.find((volume) => volume.region === region);
  if (bot.boot_id !== null) {
    // It has lived: what is on its disk is all it knows.
    const disk = kept ?? volumes[0];
    if (disk === undefined) throw new FleetFailure("disk_lost");
    await save(held, { volume_id: disk.id, region: disk.region });
    return disk.id;
  }
  for (const stranded of volumes)
    if (stranded !== kept && !stranded.attached_machine_id)
      await tools.fly.deleteVolume(app, stranded.id, held.signal);
  if (kept === undefined) await renew(held);
  const volume = kept ?? (await makeVolume(held, region));
  await save(held, { volume_id: volume.id, region: volume.region });
  return volume.id;
}

async function makeVolume(held: HeldBot, region: string): Promise<FlyVolume> {
  try {
    return await held.tools.fly.createVolume(appOf(held), volumeRequest(region), held.signal);
  } catch (error) {
    if (isFlyError(error, "region_full", "volume_host_full")) await moveOn(held, region);
    throw error;
  }
}

async function createMachine(held: HeldBot, volumeId: string): Promise<void> {
  const { deps, fly } = held.tools;
  await renew(held);
  if (held.bot.renew_machine_by !== null) await exchangeKey(held);
  const region = held.bot.region ?? "iad";
  try {
    const machine = await fly.createMachine(
      appOf(held),
      { name: machineName, region, config: machineConfig(deps.config, held.bot, volumeId) },
      held.signal,
    );
    await save(held, { machine_id: machine.id, region: machine.region });
  } catch (error) {
    if (isFlyError(error, "stale_volume")) await save(held, { volume_id: null });
    if (isFlyError(error, "region_full", "volume_host_full")) await leaveRegion(held, { region, volumeId });
    throw error;
  }
}

/** A volume is bound to its host. An empty one is given up for another region; a lived-in one never (F36). */
async function leaveRegion(held: HeldBot, place: { region: string; volumeId: string }): Promise<void> {
  if (held.bot.boot_id !== null) return;
  await held.tools.fly.deleteVolume(appOf(held), place.volumeId, held.signal);
  await moveOn(held, place.region);
}

/** Round and round the list, until the step's time is up. */
async function moveOn(held: HeldBot, region: string): Promise<void> {
  const { regions } = held.tools.deps.config.fly;
  const next = regions[(regions.indexOf(region) + 1) % regions.length] ?? region;
  await save(held, { region: next, volume_id: null });
}
