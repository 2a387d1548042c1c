/**
 * The Fly Machines API, and the only file that speaks it. The base address decides where bots run:
 * at Fly, or at local/machines on this computer, which answers the same requests. Only reads are
 * repeated here; who creates something looks first, because a lost answer does not mean "not done".
 */
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import { FlyError, isFlyError } from "./fly-error.ts";
import { createPace } from "./fly-pace.ts";
import { type Call, request } from "./fly-wire.ts";

const app = z.object({
  name: z.string(),
  network: z.string().optional(),
  organization: z.object({ slug: z.string() }).optional(),
});
const appList = z.object({ apps: z.array(app) });
const ip = z.object({ ip: z.string() });
const volume = z.object({
  id: z.string().min(1),
  name: z.string(),
  region: z.string(),
  state: z.string(),
  attached_machine_id: z.string().nullish(),
});
const exitEvent = z.object({
  exit_code: z.number().optional(),
  oom_killed: z.boolean().optional(),
  requested_stop: z.boolean().optional(),
  restarting: z.boolean().optional(),
});
const machine = z.object({
  id: z.string().min(1),
  name: z.string(),
  state: z.string(),
  region: z.string(),
  instance_id: z.string().min(1),
  created_at: z.string(),
  host_status: z.string().optional(),
  /** Absent while the host is unreachable. */
  config: z.object({ metadata: z.record(z.string(), z.string()).nullish() }).nullish(),
  events: z
    .array(
      z.object({
        type: z.string(),
        timestamp: z.number(),
        request: z.object({ exit_event: exitEvent.nullish() }).nullish(),
      }),
    )
    .nullish(),
});
const done = z.object({ ok: z.boolean().optional() });

export type FlyApp = z.infer<typeof app>;
export type FlyVolume = z.infer<typeof volume>;
export type FlyMachine = z.infer<typeof machine>;
export type WaitState = "started" | "stopped" | "suspended" | "destroyed";

export interface NewVolume {
  name: string;
  region: string;
  size_gb: number;
  encrypted: boolean;
  snapshot_retention: number;
  /** So that the volume lands on a host that has room for its machine too. */
  compute: { cpu_kind: string; cpus: number; memory_mb: number };
}

/** Every call may throw FlyError; `undefined` means that Fly knows no such thing. */
export type Fly = ReturnType<typeof createFly>;

/** A wait may take what it asks for, and the way there and back. */
const waitSlackMs = 5_000;
const readTries = 3;

/** Where Fly is, and as whom it is asked. */
export type FlySettings = Pick<Config["fly"], "url" | "token" | "org">;

export function createFly(settings: FlySettings, clock: Clock) {
  const pace = createPace(clock);
  const send = async <T>(call: Call, shape: z.ZodType<T>): Promise<T> => {
    const action = `${call.method} ${call.path.split("?")[0]} ${call.about ?? ""}`;
    for (let tried = 1; ; tried += 1) {
      await pace(action, call.method === "GET", call.signal);
      try {
        return await request(settings, call, shape);
      } catch (error) {
        const again = call.method === "GET" && error instanceof FlyError && error.kind === "transient";
        if (!again || tried >= readTries || call.signal.aborted) throw error;
        await clock.sleep(100 * tried + Math.random() * 200, call.signal);
      }
    }
  };
  const orNothing = <T>(answer: Promise<T>): Promise<T | undefined> =>
    answer.catch((error: unknown) => {
      if (error instanceof FlyError && error.kind === "not_found") return undefined;
      throw error;
    });
  return {
    ...appCalls(settings, { send, orNothing }),
    ...addressCalls(settings, { send, orNothing }),
    ...volumeCalls({ send, orNothing }),
    ...machineCalls({ send, orNothing }),
  };
}

interface Wire {
  send<T>(call: Call, shape: z.ZodType<T>): Promise<T>;
  orNothing<T>(answer: Promise<T>): Promise<T | undefined>;
}

function appCalls(settings: FlySettings, { send, orNothing }: Wire) {
  const at = (name: string) => `/apps/${encodeURIComponent(name)}`;
  const listApps = async (signal: AbortSignal): Promise<FlyApp[]> =>
    (
      await send(
        { method: "GET", path: `/apps?org_slug=${encodeURIComponent(settings.org)}`, signal },
        appList,
      )
    ).apps;
  return {
    listApps,
    getApp: (name: string, signal: AbortSignal) =>
      orNothing(send({ method: "GET", path: at(name), signal }, app)),
    /** The network is fixed here for ever. @throws {FlyError} name_taken */
    createApp: (input: { name: string; network: string }, signal: AbortSignal) =>
      send(
        {
          method: "POST",
          path: "/apps",
          about: input.name,
          body: { app_name: input.name, org_slug: settings.org, network: input.network },
          signal,
        },
        z.object({}),
      ),
    /** The app list is the one documented place that tells an app's network. */
    networkOf: async (name: string, signal: AbortSignal): Promise<string | undefined> =>
      (await listApps(signal)).find((one) => one.name === name)?.network,
    deleteApp: (name: string, signal: AbortSignal) =>
      orNothing(
        send({ method: "DELETE", path: `${at(name)}?force=true`, signal, timeoutMs: 30_000 }, z.unknown()),
      ),
  };
}

function addressCalls(settings: FlySettings, { send }: Wire) {
  const at = (name: string) => `/apps/${encodeURIComponent(name)}/ip_assignments`;
  return {
    listIps: async (name: string, signal: AbortSignal): Promise<string[]> =>
      (await send({ method: "GET", path: at(name), signal }, z.object({ ips: z.array(ip) }))).ips.map(
        (one) => one.ip,
      ),
    /** A private address of the app in `network`: from there the app is `<name>.flycast`. */
    allotFlycast: (name: string, network: string, signal: AbortSignal) =>
      send(
        {
          method: "POST",
          path: at(name),
          body: { type: "private_v6", org_slug: settings.org, network },
          signal,
        },
        ip,
      ),
  };
}

function volumeCalls({ send, orNothing }: Wire) {
  const at = (name: string) => `/apps/${encodeURIComponent(name)}/volumes`;
  return {
    listVolumes: async (name: string, signal: AbortSignal): Promise<FlyVolume[]> =>
      (await send({ method: "GET", path: at(name), signal }, z.array(volume))).filter(
        ({ state }) => !/destroy/.test(state),
      ),
    createVolume: (name: string, body: NewVolume, signal: AbortSignal) =>
      send({ method: "POST", path: at(name), body, signal, timeoutMs: 30_000 }, volume),
    deleteVolume: (name: string, id: string, signal: AbortSignal) =>
      orNothing(
        send({ method: "DELETE", path: `${at(name)}/${encodeURIComponent(id)}`, signal }, z.unknown()),
      ),
  };
}

function machineCalls({ send, orNothing }: Wire) {
  const at = (name: string, id?: string) =>
    `/apps/${encodeURIComponent(name)}/machines${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;
  const post = (bot: MachineRef, verb: string, signal: AbortSignal) =>
    send(
      { method: "POST", path: `${at(bot.app, bot.machine)}/${verb}`, body: {}, signal, timeoutMs: 30_000 },
      z.object({}),
    );
  return {
    /** Undefined: the app does not exist. */
    listMachines: (name: string, signal: AbortSignal) =>
      orNothing(send({ method: "GET", path: at(name), signal }, z.array(machine))),
    getMachine: (bot: MachineRef, signal: AbortSignal) =>
      orNothing(send({ method: "GET", path: at(bot.app, bot.machine), signal }, machine)),
    createMachine: (
      name: string,
      body: { name: string; region: string; config: unknown },
      signal: AbortSignal,
    ) => send({ method: "POST", path: at(name), body, signal, timeoutMs: 60_000 }, machine),
    /** Answers when it is accepted. Starting a started machine is a no-op. */
    start: (bot: MachineRef, signal: AbortSignal) => post(bot, "start", signal),
    stop: (bot: MachineRef, signal: AbortSignal) => post(bot, "stop", signal),
    /** Keeps the disk. The next start may still be cold: Fly may drop the memory image at any time. */
    suspend: (bot: MachineRef, signal: AbortSignal) => post(bot, "suspend", signal),
    destroy: (bot: MachineRef, signal: AbortSignal) =>
      orNothing(
        send(
          { method: "DELETE", path: `${at(bot.app, bot.machine)}?force=true`, signal, timeoutMs: 30_000 },
          done,
        ),
      ),
    wait: waitCall({ send, orNothing }, at),
  };
}

export interface MachineRef {
  app: string;
  machine: string;
}

function waitCall({ send }: Wire, at: (app: string, machine: string) => string) {
  /** False when the time is up (at most 60 s). Waiting for stopped names the version that stops. */
  return async (
    bot: MachineRef,
    until: { state: WaitState; timeoutS: number; instanceId?: string },
    signal: AbortSignal,
  ): Promise<boolean> => {
    const query = new URLSearchParams({ state: until.state, timeout: String(until.timeoutS) });
    if (until.instanceId !== undefined) query.set("instance_id", until.instanceId);
    const path = `${at(bot.app, bot.machine)}/wait?${query.toString()}`;
    try {
      await send({ method: "GET", path, signal, timeoutMs: until.timeoutS * 1000 + waitSlackMs }, done);
      return true;
    } catch (error) {
      if (isFlyError(error, "timeout")) return false;
      if (isFlyError(error, "not_found") && until.state === "destroyed") return true;
      throw error;
    }
  };
}
