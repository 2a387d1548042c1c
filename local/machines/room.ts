/**
 * A room of its own for each bot: a root folder that holds the system, the image's files (read-only)
 * and the bot's own disk, and nothing else; and a user or user namespace of its own, so that it can
 * read no other program's environment or memory. room.sh builds it with what util-linux brings.
 *
 * `root`: we are root, each bot becomes a user of its own. `user`: we are somebody, the bot stays that
 * user in a user namespace below. Both keep the process number, so that the tree of a machine is
 * frozen, ended and found as without a room. What a room is not: no limit of memory or processor, and
 * no network of its own (docs/decisions/0014).
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { ImageSpec, Settings } from "./settings.ts";

export type Walls =
  | { kind: "root" | "user" }
  /** Bots run as plain processes: they read what whoever started this host can read. */
  | { kind: "none"; reason: string };

const SCRIPT = fileURLToPath(new URL("./room.sh", import.meta.url));
const UNSHARE = "/usr/bin/unshare";
const PROBE_MS = 10_000;
/** Beside everything that adduser and systemd give out; each bot of this host gets one. */
const FIRST_UID = 200_000;
const UIDS = 100_000;

export interface RoomPlan {
  walls: { kind: "root" | "user" };
  /** An empty folder to build on; may be shared, each room has a view of its own. */
  mountPoint: string;
  image: ImageSpec;
  /** Folders the bot may write; as root they are handed over to its user. */
  writable: readonly string[];
  /** The bot's user; in a `user` room our own. */
  uid: number;
}

export interface RoomCommand {
  program: string;
  args: string[];
  /** To be added to the bot's environment; the room takes it away again. */
  env: { MOLT_ROOM: "root" | "user" };
}

/** What to run instead of the image's command, so that it runs in a room. */
export async function roomCommand(
  { walls, mountPoint, image, writable, uid }: RoomPlan,
  command: readonly string[] = image.command,
): Promise<RoomCommand> {
  const gid = walls.kind === "root" ? uid : (process.getgid?.() ?? 0);
  const ours = image.files.filter((path) => existsSync(path)).flatMap((path) => ["ro", path, path]);
  const caches = (await Promise.all(image.caches.map((cache) => cacheBinds(cache, uid)))).flat();
  const namespaces = walls.kind === "root" ? ["--mount"] : ["--user", "--map-root-user", "--mount"];
  return {
    program: UNSHARE,
    args: [
      ...namespaces,
      "--propagation",
      "private",
      "/bin/sh",
      SCRIPT,
      mountPoint,
      String(uid),
      String(gid),
      ...ours,
      ...caches,
      ...writable.flatMap((path) => ["rw", path]),
      "--",
      ...command,
    ],
    env: { MOLT_ROOM: walls.kind },
  };
}

/** Node files its compile cache under the number of the user who made it: `v26…-x64-…-<uid>`. */
async function cacheBinds(cache: string, uid: number): Promise<string[]> {
  const made = existsSync(cache) ? await readdir(cache) : [];
  return made.flatMap((name) => ["ro", join(cache, name), join(cache, name.replace(/-\d+$/, `-${uid}`))]);
}

/** Builds a room with what the images need, and looks out of it: it holds only if it cannot read us. */
export async function probeWalls({ images, dataDir }: Settings): Promise<Walls> {
  const image = [...images.values()].find(({ files }) => files.length > 0);
  if (image === undefined) return { kind: "none", reason: "no image names the files it is made of" };
  if (process.platform !== "linux")
    return { kind: "none", reason: `it needs Linux, this is ${process.platform}` };
  const uid = process.getuid?.() ?? 0;
  const walls = { kind: uid === 0 ? ("root" as const) : ("user" as const) };
  await mkdir(mountPointOf(dataDir), { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(dataDir, "probe-"));
  try {
    const look = ["/bin/sh", "-c", `! cat /proc/${process.pid}/environ >/dev/null 2>&1 && test -x "$0"`];
    const plan = { walls, mountPoint: mountPointOf(dataDir), image, writable: [folder] };
    const { program, args, env } = await roomCommand({ ...plan, uid: uid === 0 ? FIRST_UID : uid }, [
      ...look,
      image.command[0],
    ]);
    await promisify(execFile)(program, args, {
      timeout: PROBE_MS,
      cwd: folder,
      env: { ...env, PATH: "/usr/bin:/bin" },
    });
    return walls;
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    return { kind: "none", reason: (said || String(error)).split("\n").slice(-2).join(" ").slice(0, 300) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function mountPointOf(dataDir: string): string {
  return join(dataDir, "room");
}

/** Gives each machine a user that no other machine and no other machine's disk has. */
export class Users {
  readonly #byMachine = new Map<string, number>();

  /** @param disk the machine's volume, or its root folder: who owned it last keeps it. */
  async of(machine: string, disk: string): Promise<number> {
    const known = this.#byMachine.get(machine);
    if (known !== undefined) return known;
    const [others, owner] = await Promise.all([ownersBeside(disk), ownerOf(disk)]);
    // Two launches may have looked at the disks at the same time: the map is asked last, in one step.
    const held = new Set([...this.#byMachine.values(), ...others]);
    let uid = owner !== undefined && isOurs(owner) && !held.has(owner) ? owner : FIRST_UID + 1;
    while (held.has(uid)) uid += 1;
    if (!isOurs(uid)) throw new Error("there is no free user left for a bot");
    this.#byMachine.set(machine, uid);
    return uid;
  }

  forget(machine: string): void {
    this.#byMachine.delete(machine);
  }
}

function isOurs(uid: number): boolean {
  return uid >= FIRST_UID && uid < FIRST_UID + UIDS;
}

async function ownerOf(folder: string): Promise<number | undefined> {
  return (await stat(folder).catch(() => undefined))?.uid; // not there yet: nobody's
}

async function ownersBeside(disk: string): Promise<number[]> {
  const names = await readdir(dirname(disk)).catch(() => []); // the first disk of all
  const owners = await Promise.all(
    names.filter((name) => name !== basename(disk)).map((name) => ownerOf(join(dirname(disk), name))),
  );
  return owners.filter((uid) => uid !== undefined);
}
