import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Deps } from "../../deps.ts";
import { testEnvironment } from "../../testing/deps.ts";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // listening on TCP
  server.close();
  return port;
}

/** The worker as the process it is in production. Answers how it ended, when it did. */
export async function startWorker(t: TestContext, { config }: Pick<Deps, "config">, failpoint: string) {
  const worker = spawn(process.execPath, [main, "worker"], {
    env: {
      PATH: process.env["PATH"] ?? "",
      ...testEnvironment({
        DATABASE_URL: config.database.url,
        SUPABASE_URL: config.auth.url.replace(/\/auth\/v1$/, ""),
        STRIPE_API_BASE: config.stripe.url,
        FLY_FLAPS_BASE_URL: config.fly.url,
        BOT_IMAGE: config.fly.image,
        FLYCAST_DIAL_URL: config.fly.dialUrl ?? "",
        MOLT_WORKER_PORT: String(await freePort()),
        MOLT_FAILPOINT: failpoint,
      }),
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  t.after(() => worker.kill("SIGKILL"));
  return { worker, ended: once(worker, "exit") };
}
