/**
 * Runs a machine as a process tree of this computer, in a room of its own where the computer can
 * (room.ts); the network is everybody's, and `guest` limits nothing. It gets a clean environment, an
 * own process group, a folder that is emptied at each cold start (the root file system) and its volumes.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { mountPointOf, roomCommand, Users, type Walls } from "./room.ts";
import type { ImageSpec, Settings } from "./settings.ts";
import type { MachineRecord, ProcessRef } from "./types.ts";
import { PortPairs } from "./ports.ts";
import { freezeTree, isAlive, killTree, readProcess, signal, thawTree } from "./processes.ts";
import { openRing, trimRing } from "./ring-file.ts";

/** How a leader ended. An adopted one is not our child, so its code is not known. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  known: boolean;
}

export interface Running {
  ref: ProcessRef;
  exited: Promise<Exit>;
}

export class ProcessDriver {
  readonly name = "process";
  readonly #settings: Settings;
  readonly #ports: PortPairs;
  readonly #walls: Walls;
  readonly #users = new Users();

  constructor(settings: Settings, walls: Walls) {
    this.#settings = settings;
    this.#walls = walls;
    this.#ports = new PortPairs(settings.botPortBase);
  }

  async prepare(): Promise<void> {
    for (const folder of ["volumes", "logs", "roots", "room"])
      await mkdir(join(this.#settings.dataDir, folder), { recursive: true, mode: 0o700 });
  }

  volumeFolder(volume: string): string {
    return join(this.#settings.dataDir, "volumes", volume);
  }

  logFile(machine: string): string {
    return join(this.#settings.dataDir, "logs", `${machine}.log`);
  }

  /** A cold start. The command's own failure to start is an exit, not an error of this call. */
  async launch(machine: MachineRecord): Promise<Running> {
    const image = this.#settings.images.get(machine.config.image);
    if (image === undefined) throw new Error(`image ${machine.config.image} is not allowed here`);
    const root = join(this.#settings.dataDir, "roots", machine.id);
    await rm(root, { recursive: true, force: true });
    await mkdir(root, { recursive: true, mode: 0o700 });
    for (const mount of machine.config.mounts ?? [])
      await mkdir(this.volumeFolder(mount.volume), { recursive: true, mode: 0o700 });
    const doorPort = await this.#ports.take();
    const log = await openRing(this.logFile(machine.id));
    try {
      const { program, args, env } = await this.#command(machine, image, root);
      const child = spawn(program, args, {
        cwd: root,
        detached: true,
        stdio: ["ignore", log.fd, log.fd],
        env: { ...this.#environment(machine, image, doorPort), ...env },
      });
      return await this.#begun(child, doorPort);
    } catch (error) {
      this.#ports.release(doorPort);
      throw error;
    } finally {
      await log.close();
    }
  }

  async #command(
    machine: MachineRecord,
    image: ImageSpec,
    root: string,
  ): Promise<{ program: string; args: string[]; env: Record<string, string> }> {
    const walls = this.#walls;
    if (walls.kind === "none" || image.files.length === 0) {
      const [program, ...args] = image.command;
      return { program, args, env: {} };
    }
    const volumes = (machine.config.mounts ?? []).map((mount) => this.volumeFolder(mount.volume));
    const uid =
      walls.kind === "root"
        ? await this.#users.of(machine.id, volumes[0] ?? root)
        : (process.getuid?.() ?? 0);
    const mountPoint = mountPointOf(this.#settings.dataDir);
    return roomCommand({ walls, mountPoint, image, writable: [root, ...volumes], uid });
  }

  async #begun(child: ChildProcess, doorPort: number): Promise<Running> {
    const exited = new Promise<Exit>((resolve) => {
      child.once("exit", (code, name) => resolve({ code, signal: name, known: true }));
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("spawn", () => resolve(child.pid ?? 0));
    });
    const birth = (await readProcess(pid))?.birth ?? "gone";
    return { ref: { pid, birth, doorPort, gatewayPort: doorPort + 1 }, exited };
  }

  /** Takes over a tree that an earlier host left behind. */
  adopt(ref: ProcessRef): Running {
    this.#ports.hold(ref.doorPort);
    return { ref, exited: watch(ref) };
  }

  /** The machine's ports may be given out again. */
  release(ref: ProcessRef): void {
    this.#ports.release(ref.doorPort);
  }

  /** Only the leader hears it, as in a machine: it ends its own children. */
  signal(ref: ProcessRef, name: NodeJS.Signals): boolean {
    return signal(ref.pid, name);
  }

  freeze(ref: ProcessRef, machine: string): Promise<boolean> {
    return freezeTree(ref, machine);
  }

  thaw(ref: ProcessRef, machine: string): Promise<boolean> {
    return thawTree(ref, machine);
  }

  kill(ref: ProcessRef, machine: string): Promise<void> {
    return killTree(ref, machine);
  }

  isAlive(ref: ProcessRef): Promise<boolean> {
    return isAlive(ref);
  }

  trimLog(machine: string): Promise<void> {
    return trimRing(this.logFile(machine));
  }

  async destroyVolume(volume: string): Promise<void> {
    await rm(this.volumeFolder(volume), { recursive: true, force: true });
  }

  async forget(machine: string): Promise<void> {
    this.#users.forget(machine);
    await rm(join(this.#settings.dataDir, "roots", machine), { recursive: true, force: true });
    await rm(this.logFile(machine), { force: true });
    await rm(`${this.logFile(machine)}.1`, { force: true });
  }

  #environment(machine: MachineRecord, image: ImageSpec, doorPort: number): Record<string, string> {
    const mounts = (machine.config.mounts ?? []).map((mount): [string, string] => [
      mountVariable(mount.path),
      this.volumeFolder(mount.volume),
    ]);
    return {
      PATH: [dirname(image.command[0]), "/usr/bin", "/bin"].join(delimiter),
      LANG: "C.UTF-8",
      TZ: "UTC",
      ...machine.config.env,
      FLY_APP_NAME: machine.app,
      FLY_MACHINE_ID: machine.id,
      FLY_ALLOC_ID: machine.id,
      FLY_REGION: machine.region,
      PRIMARY_REGION: machine.region,
      FLY_IMAGE_REF: machine.config.image,
      FLY_MACHINE_VERSION: machine.instanceId,
      FLY_PRIVATE_IP: "127.0.0.1",
      FLY_PROCESS_GROUP: "app",
      FLY_VM_MEMORY_MB: String(machine.config.guest?.memory_mb ?? 256),
      ...Object.fromEntries(mounts),
      DOOR_PORT: String(doorPort),
      GATEWAY_PORT: String(doorPort + 1),
    };
  }
}

/** "/data" becomes MOUNT_DATA: without a root of its own the process must be told where its disk is. */
export function mountVariable(path: string): string {
  return `MOUNT${path.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
}

async function watch(ref: ProcessRef): Promise<Exit> {
  while (await isAlive(ref)) await pause(250, undefined, { ref: false });
  return { code: null, signal: null, known: false };
}
