/** The bot's folders on its volume: made at every start and private to the bot. Only `tmp` is emptied. */
import { randomUUID } from "node:crypto";
import { chmod, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { botFolders, renderConfig } from "./config-template.ts";
import { personaFiles, workspaceFolders } from "./persona.ts";
import type { BotSettings } from "./settings.ts";

/**
 * Makes the folders (0700), writes openclaw.json (0600, from the template, replacing the old one in
 * one step) and the persona files that are missing. Safe to repeat: what the bot and its person
 * wrote is never touched.
 */
export async function prepareStateFolder(settings: BotSettings): Promise<void> {
  const folders = botFolders(settings.dataDir);
  await rm(folders.temporary, { recursive: true, force: true });
  const made = [folders.state, folders.workspace, folders.logs, folders.temporary, folders.home];
  for (const folder of [...made, ...workspaceFolders.map((name) => path.join(folders.workspace, name))]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
  }
  // Node goes on without a cache that it cannot use: that costs seconds of a boot, not the bot.
  await mkdir(settings.compileCacheDir, { recursive: true, mode: 0o700 }).catch(() => undefined);
  await replaceFile(folders.config, `${JSON.stringify(renderConfig(settings), null, 2)}\n`);
  for (const [name, words] of Object.entries(personaFiles))
    await writeIfMissing(path.join(folders.workspace, name), words);
}

/** A reader sees the old file or the new one, also after a power cut. */
async function replaceFile(file: string, content: string): Promise<void> {
  const beside = `${file}.${randomUUID()}`;
  try {
    const handle = await open(beside, "wx", 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } finally {
    await rm(beside, { force: true });
  }
}

async function writeIfMissing(file: string, content: string): Promise<void> {
  try {
    await writeFile(file, content, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}
