/** The whole host: apps, addresses, volumes and machines, held in memory and written through. */
import { checkConfig, firstRegion } from "./config-rules.ts";
import { badRequest, conflict, FlyError, notFound, precondition } from "./fly-error.ts";
import { appId, flycastIp, machineId, ulid, volumeId } from "./ids.ts";
import { noKnobs } from "./knobs.ts";
import type { Knobs } from "./knobs.ts";
import type { Log } from "./log.ts";
import { Machine } from "./machine.ts";
import { ProcessDriver } from "./process-driver.ts";
import { processesByMachine, readProcesses, signal } from "./processes.ts";
import type { Walls } from "./room.ts";
import type { Settings } from "./settings.ts";
import { Store } from "./store.ts";
import type { AppRecord, IpRecord, MachineConfig, MachineRecord, VolumeRecord } from "./types.ts";

export interface NewMachine {
  name?: string;
  region?: string;
  config: MachineConfig;
  skip_launch?: boolean;
}

export interface NewVolume {
  name: string;
  region?: string;
  size_gb?: number;
  encrypted?: boolean;
  snapshot_retention?: number;
}

export class Host {
  readonly settings: Settings;
  readonly driver: ProcessDriver;
  readonly knobs: Knobs = noKnobs();
  readonly log: Log;
  readonly #store: Store;
  readonly apps = new Map<string, AppRecord>();
  readonly ips = new Map<string, IpRecord>();
  readonly volumes = new Map<string, VolumeRecord>();
  readonly machines = new Map<string, Machine>();

  constructor(settings: Settings, store: Store, { log, walls }: { log: Log; walls: Walls }) {
    this.settings = settings;
    this.#store = store;
    this.log = log;
    this.driver = new ProcessDriver(settings, walls);
  }

  static async open(settings: Settings, log: Log, walls: Walls): Promise<Host> {
    const store = await Store.open(settings.databaseUrl, log, settings.ownerWaitMs);
    const host = new Host(settings, store, { log, walls });
    await host.driver.prepare();
    await host.#load();
    return host;
  }

  /** Adopts what is truly ours and still runs, ends what nobody knows, and says so in the records. */
  async #load(): Promise<void> {
    for (const app of await this.#store.all<AppRecord>("apps")) this.apps.set(app.name, app);
    for (const ip of await this.#store.all<IpRecord>("ips")) this.ips.set(ip.ip, ip);
    for (const volume of await this.#store.all<VolumeRecord>("volumes")) this.volumes.set(volume.id, volume);
    const table = await readProcesses();
    const tagged = await processesByMachine(table);
    for (const record of await this.#store.all<MachineRecord>("machines")) {
      const ours = tagged.get(record.id) ?? [];
      const ref = record.process;
      const leader = ref === null ? undefined : table.get(ref.pid);
      const born = leader !== undefined && leader.birth === ref?.birth;
      const alive = born && (process.platform !== "linux" || ours.includes(leader.pid));
      if (!alive) for (const pid of ours) if (pid !== process.pid) signal(pid, "SIGKILL");
      if (record.state === "destroyed") {
        await this.#forgetOld(record);
        continue;
      }
      const machine = this.#hold(record);
      await machine.revive(alive, () => this.#detach(record.id));
      this.log("machine found again", {
        machine: record.id,
        state: record.state,
        adopted: alive,
        killed: alive ? 0 : ours.length,
      });
    }
  }

  /** Fly shows a destroyed machine for a while; an hour is enough here. */
  async #forgetOld(record: MachineRecord): Promise<void> {
    if (Date.now() - Date.parse(record.updatedAt) > 3_600_000)
      await this.#store.remove("machines", record.id);
    else this.#hold(record);
  }

  #hold(record: MachineRecord): Machine {
    const machine = new Machine(record, {
      driver: this.driver,
      store: this.#store,
      knobs: this.knobs,
      log: this.log,
    });
    this.machines.set(record.id, machine);
    return machine;
  }

  app(name: string): AppRecord {
    const app = this.apps.get(name);
    if (app === undefined) throw notFound(`app ${name}`);
    if (app.org !== this.settings.org)
      throw new FlyError(403, `unauthorized: app ${name} belongs to another organization`);
    return app;
  }

  machine(app: string, id: string): Machine {
    this.app(app);
    const machine = this.machines.get(id);
    if (machine === undefined || machine.record.app !== app) throw notFound(`machine ${id}`);
    return machine;
  }

  volume(app: string, id: string): VolumeRecord {
    this.app(app);
    const volume = this.volumes.get(id);
    if (volume === undefined || volume.app !== app) throw notFound(`volume ${id}`);
    return volume;
  }

  machinesOf(app: string): Machine[] {
    return [...this.machines.values()].filter((machine) => machine.record.app === app);
  }

  async createApp(input: { name: string; org: string; network?: string | undefined }): Promise<AppRecord> {
    if (this.apps.has(input.name))
      throw new FlyError(422, "Validation failed: Name has already been taken", "name_taken");
    const app: AppRecord = {
      name: input.name,
      id: appId(),
      org: input.org,
      network: input.network ?? "default",
      createdAt: new Date().toISOString(),
    };
    this.apps.set(app.name, app);
    await this.#store.save("apps", app.name, app);
    return app;
  }

  /** Everything of the app goes with it: machines, volumes, addresses. */
  async deleteApp(name: string, force: boolean): Promise<void> {
    this.app(name);
    const left = this.machinesOf(name).filter((machine) => machine.record.state !== "destroyed");
    if (left.length > 0 && !force) throw precondition(`app ${name} still has machines`);
    for (const machine of left) await this.destroyMachine(machine, true);
    const gone = left.map((machine) => machine.waitFor("destroyed", 20_000, new AbortController().signal));
    if ((await Promise.all(gone)).includes(false))
      throw new FlyError(500, `machines of ${name} could not be destroyed`);
    for (const volume of this.volumesOf(name)) await this.deleteVolume(volume);
    for (const ip of this.ipsOf(name)) await this.releaseIp(ip);
    await this.#store.remove("apps", name);
    this.apps.delete(name);
  }

  ipsOf(app: string): IpRecord[] {
    return [...this.ips.values()].filter((ip) => ip.app === app);
  }

  async allotIp(app: string, network: string): Promise<IpRecord> {
    this.app(app);
    const record: IpRecord = { app, ip: flycastIp(), network, createdAt: new Date().toISOString() };
    this.ips.set(record.ip, record);
    await this.#store.save("ips", record.ip, record);
    return record;
  }

  async releaseIp(record: IpRecord): Promise<void> {
    this.ips.delete(record.ip);
    await this.#store.remove("ips", record.ip);
  }

  volumesOf(app: string): VolumeRecord[] {
    return [...this.volumes.values()].filter((volume) => volume.app === app);
  }

  async createVolume(app: string, input: NewVolume): Promise<VolumeRecord> {
    this.app(app);
    const volume: VolumeRecord = {
      id: volumeId(),
      app,
      name: input.name,
      region: firstRegion(input.region),
      sizeGb: input.size_gb ?? 3,
      encrypted: input.encrypted ?? true,
      snapshotRetention: input.snapshot_retention ?? 5,
      attachedMachineId: null,
      createdAt: new Date().toISOString(),
    };
    this.volumes.set(volume.id, volume);
    await this.#store.save("volumes", volume.id, volume);
    return volume;
  }

  async deleteVolume(volume: VolumeRecord): Promise<void> {
    if (volume.attachedMachineId !== null)
      throw precondition(`volume ${volume.id} is attached to machine ${volume.attachedMachineId}`);
    this.volumes.delete(volume.id);
    await this.driver.destroyVolume(volume.id);
    await this.#store.remove("volumes", volume.id);
  }

  async createMachine(app: string, input: NewMachine): Promise<Machine> {
    this.app(app);
    checkConfig(this.settings.images, input.config);
    const region = firstRegion(input.region);
    const taken = this.machinesOf(app).find(
      (m) => m.record.name === input.name && m.record.state !== "destroyed",
    );
    if (taken !== undefined && this.knobs.uniqueNames)
      throw conflict(
        `unique machine name violation, machine ID ${taken.record.id} already exists with name "${taken.record.name}"`,
      );
    const volumes = (input.config.mounts ?? []).map((mount) => this.#freeVolume(app, mount.volume, region));
    const id = machineId();
    const now = new Date();
    const machine = this.#hold({
      id,
      app,
      name: input.name ?? `machine-${id}`,
      region,
      state: input.skip_launch === true ? "created" : "starting",
      instanceId: ulid(),
      config: input.config,
      createdAt: now.toISOString(),
      updatedAt: now.toISOString(),
      events: [{ id: ulid(), type: "launch", status: "created", source: "user", timestamp: now.getTime() }],
      process: null,
      lease: null,
      restarts: [],
    });
    for (const volume of volumes) volume.attachedMachineId = id;
    await machine.save();
    for (const volume of volumes) await this.#store.save("volumes", volume.id, volume);
    if (input.skip_launch !== true) machine.beginLaunch();
    return machine;
  }

  async updateMachine(
    machine: Machine,
    config: MachineConfig,
    options: { currentVersion?: string; skipLaunch: boolean },
  ): Promise<void> {
    checkConfig(this.settings.images, config);
    const mounts = JSON.stringify(config.mounts ?? []);
    if (mounts !== JSON.stringify(machine.record.config.mounts ?? []))
      throw badRequest("the volumes of a machine are fixed for its life");
    await machine.update(config, options);
  }

  destroyMachine(machine: Machine, force: boolean): Promise<void> {
    return machine.destroy({ force, done: () => this.#detach(machine.record.id) });
  }

  /** As Fly may do at any time: their next start is a cold boot. */
  dropOldSnapshots(): void {
    const kept = [...this.machines.values()].filter((machine) => machine.hasSnapshot());
    kept.sort((a, b) => b.record.updatedAt.localeCompare(a.record.updatedAt));
    for (const machine of kept.slice(this.settings.maxSuspended)) machine.dropSnapshot();
  }

  /** Every machine ends, at most `timeoutMs` after it was asked to. */
  async close(timeoutMs: number): Promise<void> {
    this.#store.hurry();
    await Promise.all([...this.machines.values()].map((machine) => machine.close(timeoutMs)));
    await this.#store.close();
  }

  #freeVolume(app: string, id: string, region: string): VolumeRecord {
    const volume = this.volumes.get(id);
    if (volume === undefined || volume.app !== app) throw badRequest(`volume not found: ${id}`);
    if (volume.region !== region)
      throw badRequest(`volume ${id} is in region ${volume.region}, not ${region}`);
    if (volume.attachedMachineId !== null)
      throw precondition(`volume ${id} is already attached to machine ${volume.attachedMachineId}`);
    return volume;
  }

  async #detach(machine: string): Promise<void> {
    for (const volume of this.volumes.values())
      if (volume.attachedMachineId === machine) {
        volume.attachedMachineId = null;
        await this.#store.save("volumes", volume.id, volume);
      }
  }
}
