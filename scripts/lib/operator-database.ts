/**
 * Which database an operator's command works on: DATABASE_URL, or that of the copy that `npm start`
 * runs on this machine. A running Postgres writes its port into its own folder, so a copy on other
 * ports is found without being told them.
 */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { StartError } from "./data-dir.ts";
import { DATABASE } from "./environment.ts";
import { root } from "./web-build.ts";

/** @throws {StartError} when no database is named and no copy runs here. */
export async function findDatabase(env: NodeJS.ProcessEnv): Promise<string> {
  const named = env["DATABASE_URL"];
  if (named) {
    if (!/^postgres(ql)?:\/\//.test(named))
      throw new StartError("DATABASE_URL must be an address that begins with postgres://.");
    return named;
  }
  const dataDir = resolve(env["MOLT_DATA_DIR"] ?? join(root, ".molt"));
  const folder = join(dataDir, "postgres");
  const [pidFile, password] = await Promise.all([
    read(join(folder, "postgres-17", "postmaster.pid")),
    read(join(folder, "postgres-password")),
  ]);
  // Line 4 of postmaster.pid (postgresql.org/docs/17/storage-file-layout.html).
  const port = Number(pidFile?.split("\n")[3]);
  if (!password || !Number.isInteger(port)) {
    throw new StartError(
      `No Molt-OS is running on ${dataDir}. Start it with npm start, name its folder in MOLT_DATA_DIR, or set DATABASE_URL.`,
    );
  }
  return `postgres://postgres:${encodeURIComponent(password.trim())}@127.0.0.1:${port}/${DATABASE}?sslmode=disable`;
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new StartError(`${file} cannot be read. Run the command as the user who runs Molt-OS.`, {
      cause: error,
    });
  }
}
