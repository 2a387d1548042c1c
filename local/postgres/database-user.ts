/**
 * Under which user the database runs. Postgres refuses root; so started as root it runs as
 * `nobody`, and where that user cannot even reach the folders (a checkout in root's own home), it
 * keeps the one capability that lets it pass them.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** uid and gid of `nobody` on Debian, Ubuntu, Fedora and Alpine. */
const NOBODY = 65534;

export interface DatabaseUser {
  /** Null when no change of user is needed. */
  uid: number | null;
  spawn(command: string, args: string[], env: Record<string, string>): ChildProcess;
}

/**
 * Decides once for all commands of one cluster.
 * @param paths folders that the database must be able to reach.
 * @throws {Error} as root on a system without `setpriv`, when the folders cannot be reached otherwise.
 */
export async function databaseUser(paths: string[]): Promise<DatabaseUser> {
  if (process.getuid?.() !== 0)
    return { uid: null, spawn: (command, args, env) => launch([command, ...args], env) };
  const reachable = (await Promise.all(paths.map(othersCanReach))).every(Boolean);
  if (reachable) {
    return { uid: NOBODY, spawn: (command, args, env) => launch([command, ...args], env, NOBODY) };
  }
  const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));
  if (!setpriv) {
    throw new Error(
      `The database cannot run as root, and ${paths.join(" and ")} cannot be reached by another user. Start Molt-OS as a normal user, or set MOLT_DATA_DIR and the checkout to folders that others may enter.`,
    );
  }
  const drop = [setpriv, `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  // Without the securebit the kernel answers access(2), by which initdb looks for postgres, as if the
  // capability were not there.
  const keepAccess = [
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",
  ];
  return {
    uid: NOBODY,
    spawn: (command, args, env) => launch([...drop, ...keepAccess, command, ...args], env),
  };
}

/** Hands a file or a whole folder to the database's user. */
export async function giveTo(user: DatabaseUser, path: string): Promise<void> {
  if (user.uid === null) return;
  const info = await stat(path);
  if (info.uid === user.uid) return;
  await chown(path, user.uid, user.uid);
  if (!info.isDirectory()) return;
  for (const name of await readdir(path)) await giveTo(user, join(path, name));
}

/** Own process group: Ctrl-C at the terminal must reach our supervisor, not the database. */
function launch([command = "", ...args]: string[], env: Record<string, string>, uid?: number): ChildProcess {
  const owner = uid === undefined ? {} : { uid, gid: uid };
  return spawn(command, args, { env, cwd: "/", detached: true, stdio: ["ignore", "pipe", "pipe"], ...owner });
}

/** True when every folder on the way down may be entered by anybody. */
async function othersCanReach(path: string): Promise<boolean> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const info = await stat(folder);
    if ((info.mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
