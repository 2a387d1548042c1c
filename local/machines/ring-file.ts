/**
 * stdout and stderr of a machine go straight into a file, so that a machine outlives this host. The
 * file is kept to about 2 MB: past 1 MB it is copied to `.1` and emptied. Writers append, so they go
 * on at the new end; lines written between the copy and the cut are lost, which a log may be.
 */
import { copyFile, open, stat, truncate } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

const halfBytes = 1024 * 1024;

export const openRing = (path: string): Promise<FileHandle> => open(path, "a", 0o600);

export async function trimRing(path: string): Promise<void> {
  const size = await stat(path).then(
    (info) => info.size,
    () => 0,
  );
  if (size <= halfBytes) return;
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
}
