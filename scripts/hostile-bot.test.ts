/**
 * A hostile bot finds no secret of the platform (reference: faults I8, security control 2). It runs as
 * `npm start` runs a bot: the same driver, the same folders, the same environment; only its program is
 * another. The platform's processes beside it hold distinctive keys, as they would the real ones.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeBot } from "../apps/api/src/models/testing/proxy.ts";
import { testDeps } from "../apps/api/src/testing/deps.ts";
import { localSecrets } from "./lib/data-dir.ts";
import {
  apiEnvironment,
  at,
  IMAGE,
  modelsEnvironment,
  planServices,
  portsFrom,
  standInEnvironment,
} from "./lib/environment.ts";
import { freeBlock } from "./lib/ports.ts";
import { root } from "./lib/web-build.ts";

/** Somebody who is not root, where the test itself is: the normal user's start is proven as well. */
const SOMEBODY = 64_999;

const canaries = {
  ANTHROPIC_API_KEY: "sk-ant-canary-anthropic-0123456789",
  OPENAI_API_KEY: "sk-canary-openai-0123456789",
  MOLT_MASTER_KEY: Buffer.from("canary master key of 32 bytes!!!").toString("base64"),
  MOLT_OPERATOR_NOTE_SECRET: "canary-of-the-operators-own-shell",
};

const hostile = fileURLToPath(new URL("./testing/hostile-bot.ts", import.meta.url));

interface Platform {
  fly: (line: string, body?: unknown) => Promise<{ status: number; body: unknown }>;
  isolation: string;
  /** What the bot must never see, by name. */
  secrets: Record<string, string>;
  bot: { id: string; key: string };
  dataDir: string;
  ports: { models: number; machines: number; database: number };
}

/** Everything that `npm start` puts beside a bot, as far as it holds secrets. */
async function startPlatform(t: TestContext, uid: number): Promise<Platform> {
  const deps = await testDeps(t);
  const dataDir = await mkdtemp(join(tmpdir(), "molt-hostile-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  await chmod(dataDir, 0o711);
  const ports = portsFrom(await freeBlock());
  const secrets = await localSecrets(dataDir);
  const plan = planServices({ ...process.env, ...canaries }, { ports, dataDir, secrets });
  const databaseUrl = deps.config.database.url;
  const env = { ...process.env, ...canaries, ANTHROPIC_BASE_URL: "http://127.0.0.1:1" };
  const models = modelsEnvironment(env, plan, apiEnvironment(env, plan, databaseUrl));
  await writeFile(join(dataDir, ".env"), `ANTHROPIC_API_KEY=${canaries.ANTHROPIC_API_KEY}\n`, {
    mode: 0o600,
  });
  if (uid !== process.getuid?.())
    for (const path of [dataDir, join(dataDir, "secrets.json"), join(dataDir, ".env")])
      await chown(path, uid, uid);
  const run = starter(t, uid);
  // `npm start` itself was given the keys, and its environment can be read in /proc like any other.
  await run([process.execPath, "-e", "setInterval(() => {}, 1e6); console.log('is listening')"], env);
  await run([process.execPath, join(root, "apps/api/src/main.ts"), "models"], models);
  await run([process.execPath, join(root, "local/machines/main.ts")], {
    ...machinesEnvironment(standInEnvironment(env, plan, databaseUrl).machines),
    DATABASE_URL: databaseUrl,
  });
  const fly = flyClient(at(ports.machines), secrets.flyToken);
  const health = (await (await fetch(`${at(ports.machines)}/health`)).json()) as {
    isolation: string;
  };
  return {
    fly,
    isolation: health.isolation,
    secrets: { ...canaries, ...secrets, databasePassword: new URL(databaseUrl).password },
    bot: await makeBot(deps),
    dataDir,
    ports: {
      models: ports.modelProxy,
      machines: ports.machines,
      database: Number(new URL(databaseUrl).port),
    },
  };
}

/** Two images: npm start's own with another program in it, and one that runs without a room. */
function machinesEnvironment(given: Record<string, string>): Record<string, string> {
  const images = JSON.parse(given["IMAGES"] ?? "") as Record<string, { command: string[]; files: string[] }>;
  const own = images[IMAGE];
  assert.ok(own);
  const command = [...own.command.slice(0, -1), hostile];
  return {
    ...given,
    IMAGES: JSON.stringify({
      walled: { ...own, command, files: [...own.files, dirname(hostile)] },
      open: { command },
    }),
  };
}

/** Starts programs as `uid`; resolves when one has said that it is ready. */
function starter(t: TestContext, uid: number) {
  return async (command: string[], env: NodeJS.ProcessEnv): Promise<void> => {
    const drop = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--"];
    const [program = "", ...args] = uid === process.getuid?.() ? command : [...drop, ...command];
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const exited = once(child, "exit");
    t.after(async () => {
      child.kill("SIGTERM");
      await exited;
    });
    let said = "";
    await new Promise<void>((resolve, reject) => {
      const listen = (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-4_000);
        if (/"ready":true|is listening/.test(said)) resolve();
      };
      child.stdout.on("data", listen);
      child.stderr.on("data", listen);
      void exited.then(() => reject(new Error(`${command.at(-1) ?? ""} ended: ${said}`)));
    });
  };
}

function flyClient(url: string, token: string): Platform["fly"] {
  return async (line, body) => {
    const [method = "", path = ""] = line.split(" ");
    const answer = await fetch(`${url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(90_000),
    });
    return { status: answer.status, body: await answer.json() };
  };
}

/** Lets the hostile bot run to its end, and reads what it wrote down. */
async function hunt({ fly, bot, dataDir, ports }: Platform, image: string): Promise<string> {
  const id = (answer: { body: unknown }) => (answer.body as { id: string }).id;
  await fly("POST /apps", { app_name: image, org_slug: "local", network: image });
  const volume = id(await fly(`POST /apps/${image}/volumes`, { name: "data", region: "ams", size_gb: 1 }));
  const machine = await fly(`POST /apps/${image}/machines`, {
    region: "ams",
    config: {
      image,
      env: {
        MOLT_BOT_ID: bot.id,
        MOLT_MODEL_KEY: bot.key,
        MOLT_MODEL_URL: `http://127.0.0.1:${ports.models}`,
        PORTS: `${ports.models},${ports.machines}`,
        DATABASE_PORT: String(ports.database),
      },
      mounts: [{ volume, path: "/data" }],
      restart: { policy: "no" },
    },
  });
  const { id: machineId, instance_id: version } = machine.body as { id: string; instance_id: string };
  const ended = await fly(
    `GET /apps/${image}/machines/${machineId}/wait?state=stopped&timeout=60&instance_id=${version}`,
  );
  assert.equal(ended.status, 200, JSON.stringify(ended.body));
  const file = join(dataDir, "machines/volumes", volume, "found.txt");
  const log = join(dataDir, "machines/logs", `${machineId}.log`);
  return readFile(file, "latin1").catch(async () => assert.fail((await readFile(log, "utf8")).slice(-2_000)));
}

function countsOf(found: string): Record<string, number> {
  const counts = /=== counts\n(.*)$/s.exec(found)?.[1];
  assert.ok(counts, "it came to its end");
  return JSON.parse(counts) as Record<string, number>;
}

const canRead = (path: string) => {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
};
const isRoot = process.getuid?.() === 0;

for (const [who, uid] of [
  ["whoever runs this test", process.getuid?.() ?? 0],
  ["a normal user", SOMEBODY],
] as const)
  test(
    `I8 a hostile bot finds no secret of a platform started by ${who}`,
    { timeout: 110_000 },
    async (t) => {
      if (uid !== process.getuid?.() && !isRoot) return t.skip("only root can start it as somebody else");
      if (process.platform !== "linux" || !canRead("/proc/self/environ"))
        return t.skip("there is no /proc here");
      const platform = await startPlatform(t, uid);
      if (platform.isolation === "none")
        return t.skip("rooms cannot be built on this machine; npm start says so");
      const found = await hunt(platform, "walled");
      assert.ok(found.includes(platform.bot.key), "its own key it may have");
      const counts = countsOf(found);
      assert.equal(counts["environments"], 0, "it read no other process's environment");
      assert.ok((counts["processes"] ?? 0) > 3 && (counts["answers"] ?? 0) > 60, JSON.stringify(counts));
      assert.match(found, /=== postgres\nR/, "the database asks for a password");
      for (const [name, secret] of Object.entries(platform.secrets))
        assert.ok(!found.includes(secret), `${name} stands in ${whereOf(found, secret)}`);

      // The same hunter without a room finds them: so it does look where they are.
      const open = await hunt(platform, "open");
      assert.ok(
        open.includes(canaries.ANTHROPIC_API_KEY) && open.includes(platform.secrets["flyToken"] ?? "?"),
      );
    },
  );

function whereOf(found: string, secret: string): string {
  const before = found.slice(0, found.indexOf(secret));
  return before.slice(before.lastIndexOf("\n=== ") + 5).split("\n", 1)[0] ?? "";
}
