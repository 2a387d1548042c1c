import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { localSecrets, lockDataDir, openDataDir } from "./data-dir.ts";

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "molt-data-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

test("F58 a folder that a living process owns is refused with a sentence", async (t) => {
  const path = await folder(t);
  // Process 1 always lives; without a start time nothing speaks against it.
  await writeFile(join(path, "lock.json"), JSON.stringify({ pid: 1, started: "" }));
  await assert.rejects(lockDataDir(path), {
    name: "StartError",
    message: /already running on .* \(process 1\)/,
  });
});

test("F59 a lock of a process that is gone, or whose number was used again, does not count", async (t) => {
  const path = await folder(t);
  for (const owner of [
    { pid: 2 ** 22, started: "1" },
    { pid: 1, started: "not when it started" },
  ]) {
    await writeFile(join(path, "lock.json"), JSON.stringify(owner));
    const release = await lockDataDir(path);
    assert.equal(JSON.parse(await readFile(join(path, "lock.json"), "utf8")).pid, process.pid);
    await release();
  }
});

test("F59 a lock cut short by a kill does not count", async (t) => {
  const path = await folder(t);
  await writeFile(join(path, "lock.json"), '{"pid": 1');
  await (
    await lockDataDir(path)
  )();
});

test("secrets are made once and never made anew over ones that cannot be read", async (t) => {
  const path = await folder(t);
  const first = await localSecrets(path);
  assert.deepEqual(await localSecrets(path), first);
  assert.equal(Buffer.from(first.masterKey, "base64").length, 32);
  const { authSecretKey: _later, ...earlier } = first;
  await writeFile(join(path, "secrets.json"), JSON.stringify(earlier));
  const grown = await localSecrets(path);
  assert.equal(grown.masterKey, first.masterKey, "a folder of an earlier version keeps what it has");
  assert.deepEqual(await localSecrets(path), grown, "and gets what came later, once");
  await writeFile(join(path, "secrets.json"), "{");
  await assert.rejects(localSecrets(path), { name: "StartError", message: /cannot be read/ });
});

test("a folder that cannot be written is refused with a sentence", async (t) => {
  const path = await folder(t);
  await writeFile(join(path, "file"), "");
  await assert.rejects(openDataDir(join(path, "file")), { name: "StartError", message: /cannot be written/ });
});
