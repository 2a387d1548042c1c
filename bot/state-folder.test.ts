import assert from "node:assert/strict";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { botFolders } from "./config-template.ts";
import { personaFiles } from "./persona.ts";
import { readSettings } from "./settings.ts";
import { prepareStateFolder } from "./state-folder.ts";
import { goodEnv, temporaryFolder } from "./testing/settings.ts";

const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8);

test("a new bot finds its persona, and only its own user can read any of it", async (t) => {
  const settings = readSettings({ ...goodEnv, MOUNT_DATA: await temporaryFolder(t) });
  const folders = botFolders(settings.dataDir);
  await prepareStateFolder(settings);
  assert.deepEqual(
    (await readdir(folders.workspace)).sort(),
    ["memory", ...Object.keys(personaFiles)].sort(),
  );
  for (const folder of [folders.state, folders.workspace, folders.home, folders.temporary])
    assert.equal(await modeOf(folder), "700");
  assert.equal(await modeOf(folders.config), "600");
  assert.equal(await modeOf(path.join(folders.workspace, "SOUL.md")), "600");
});

test("what a bot wrote about itself survives every restart, its configuration is renewed", async (t) => {
  const settings = readSettings({ ...goodEnv, MOUNT_DATA: await temporaryFolder(t) });
  const folders = botFolders(settings.dataDir);
  await prepareStateFolder(settings);
  await writeFile(path.join(folders.workspace, "MEMORY.md"), "My person likes orchids.");
  await writeFile(folders.config, "{ broken");
  await writeFile(path.join(folders.temporary, "leftover"), "x");
  await rm(path.join(folders.workspace, "AGENTS.md"));
  await prepareStateFolder(settings);
  assert.equal(await readFile(path.join(folders.workspace, "MEMORY.md"), "utf8"), "My person likes orchids.");
  assert.equal(await readFile(path.join(folders.workspace, "AGENTS.md"), "utf8"), personaFiles["AGENTS.md"]);
  assert.equal(JSON.parse(await readFile(folders.config, "utf8")).gateway.auth.token, settings.gatewayToken);
  assert.deepEqual(await readdir(folders.temporary), []);
  assert.deepEqual(
    (await readdir(folders.state)).filter((name) => name.startsWith("openclaw.json.")),
    [],
  );
});

test("a bot is born knowing that it is software", () => {
  assert.match(personaFiles["SOUL.md"] ?? "", /I am software/);
  assert.match(personaFiles["SOUL.md"] ?? "", /never claim to be human/);
});

test("a compile cache that cannot be made costs time, not the bot", async (t) => {
  const dataDir = await temporaryFolder(t);
  await writeFile(path.join(dataDir, "file"), "");
  const settings = readSettings({
    ...goodEnv,
    MOUNT_DATA: dataDir,
    COMPILE_CACHE_DIR: path.join(dataDir, "file", "cache"),
  });
  await prepareStateFolder(settings);
  assert.equal(
    JSON.parse(await readFile(botFolders(dataDir).config, "utf8")).gateway.auth.token,
    settings.gatewayToken,
  );
});
