import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createLog } from "./log.ts";
import { killStrays, treeOf } from "./process-tree.ts";
import { supervise } from "./supervise.ts";
import { temporaryFolder } from "./testing/settings.ts";

/** Supervises `node -e script` with a HOME of its own; `said` collects its lines. */
async function start(t: TestContext, script: string, doctor = "") {
  const home = await temporaryFolder(t);
  const said: string[] = [];
  const waiting = new Map<string, () => void>();
  const log = createLog((line) => {
    const { words } = JSON.parse(line) as { words: string };
    said.push(words);
    for (const [prefix, go] of waiting) if (words.startsWith(prefix)) go();
  }, []);
  const supervisor = supervise({
    gateway: [process.execPath, "-e", script],
    doctor: [process.execPath, "-e", doctor],
    env: { HOME: home, PATH: "/usr/bin:/bin" },
    cwd: home,
    log,
    restartDelayMs: 1,
  });
  t.after(() => supervisor.stop(0));
  /** Resolves with the first line that begins so. */
  const hears = async (prefix: string) => {
    if (!said.some((line) => line.startsWith(prefix)))
      await new Promise<void>((resolve) => waiting.set(prefix, resolve));
    return said.find((line) => line.startsWith(prefix)) ?? "";
  };
  supervisor.start();
  return { supervisor, said, home, hears };
}

/** Strays are found in procfs. */
const onLinux = { skip: process.platform === "linux" ? false : "needs procfs" };

const runs = (said: string[]) => said.filter((line) => line === "starting the gateway").length;

test("F64 a gateway that crashes three times in ten minutes is not started a fourth time", async (t) => {
  const { supervisor, said } = await start(t, "process.exit(137)");
  assert.equal(await supervisor.ended, "gave-up");
  assert.equal(runs(said), 3);
  assert.equal(supervisor.alive(), false);
});

test("a refused configuration is repaired once and tried once more", async (t) => {
  const { supervisor, said, home } = await start(
    t,
    "process.exit(78)",
    "require('fs').appendFileSync('repairs', 'x')",
  );
  assert.equal(await supervisor.ended, "gave-up");
  assert.equal(runs(said), 2);
  assert.equal(await readFile(path.join(home, "repairs"), "utf8"), "x");
});

test("a gateway sees the environment it was given and nothing else", async (t) => {
  const { hears, home } = await start(
    t,
    "console.log('env ' + Object.keys(process.env).sort()); setInterval(()=>{}, 1e6)",
  );
  assert.equal(await hears("env"), "env HOME,PATH");
  assert.ok(home);
});

test("asked to stop, the gateway ends by itself and is not started again", async (t) => {
  const { supervisor, said, hears } = await start(
    t,
    "process.on('SIGTERM', () => { console.log('goodbye'); process.exit(0) }); console.log('up'); setInterval(()=>{}, 1e6)",
  );
  await hears("up");
  assert.equal(supervisor.alive(), true);
  await supervisor.stop(10_000);
  assert.equal(await supervisor.ended, "stopped");
  assert.ok(said.includes("goodbye"));
  assert.equal(runs(said), 1);
});

test("a gateway that will not stop is killed, with everything its agent left running", onLinux, async (t) => {
  // The second child is started in a session of its own by a parent that has ended: init has adopted it.
  const stray =
    "require('child_process').spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref()";
  const { supervisor, home, hears } = await start(
    t,
    `process.on('SIGTERM', () => {});
     const { spawn, spawnSync } = require('child_process');
     const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
     spawnSync(process.execPath, ['-e', ${JSON.stringify(stray)}]);
     console.log('up ' + child.pid);
     setInterval(()=>{}, 1e6)`,
  );
  await hears("up");
  assert.equal((await treeOf(-1, home)).length, 3, "gateway, child and stray");
  await supervisor.stop(0);
  assert.equal(await supervisor.ended, "stopped");
  assert.deepEqual(await treeOf(-1, home), []);
});

test("what a killed predecessor left on the volume is ended before a new start", onLinux, async (t) => {
  const { supervisor, home, hears } = await start(t, "console.log('up'); setInterval(()=>{}, 1e6)");
  await hears("up");
  assert.equal(await killStrays(home), 1);
  await supervisor.stop(0);
});
