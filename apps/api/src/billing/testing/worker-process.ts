/** The worker as a process of its own, to be killed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { testEnvironment } from "../../testing/deps.ts";
import type { World } from "./world.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // listening on TCP
  server.close();
  await once(server, "close");
  return port;
}

/** The api in its worker role, as npm start runs it. */
export async function startWorker(t: TestContext, world: World, env: Record<string, string>) {
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const { database, stripe } = world.deps.config;
  const settings = {
    DATABASE_URL: database.url,
    STRIPE_API_BASE: stripe.url,
    MOLT_WORKER_PORT: String(await freePort()),
  };
  const child = spawn(process.execPath, [main, "worker"], {
    env: { PATH: process.env["PATH"] ?? "", ...testEnvironment({ ...settings, ...env }) },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exited = once(child, "exit").then(
    ([code, died]) => ({ code, died }) as { code: number | null; died: string | null },
  );
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return { exited, stop: () => child.kill("SIGTERM") };
}
