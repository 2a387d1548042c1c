/**
 * Stand-in for Fly: the Machines API on PORT, its proxy for `<app>.flycast` on PROXY_PORT, machines
 * as processes of this computer.
 *
 * DATABASE_URL  Postgres; own schema machines_local        DATA_DIR  volumes, logs, root folders
 * TOKEN         the bearer token, required                 IMAGES    {"<image>":{"command":["/abs/node",…],"files":[…],"caches":[…]}}
 * BOT_PORT_BASE first of the bots' ports, below 32000      CONTROL=1 opens /__control for tests
 * MAX_SUSPENDED machines that keep their memory while suspended (16)
 * OWNER_WAIT_MS how long to wait for another host on the same database to end (10000)
 * ORG           organisation of the token ("local")     PROXY_NETWORK network of the proxy ("default")
 */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createFlycast } from "./flycast.ts";
import { Host } from "./host.ts";
import { log } from "./log.ts";
import { probeWalls } from "./room.ts";
import { buildServer } from "./server.ts";
import { readSettings } from "./settings.ts";

const address = "127.0.0.1";
/** A bot gets this long to end by itself when the host ends. */
const graceMs = 8000;
const tidyEveryMs = 2000;

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const walls = await probeWalls(settings);
  const host = await Host.open(settings, log, walls);
  log(
    walls.kind === "none"
      ? "no isolation: bots run as plain processes of this computer"
      : "each bot runs in a room of its own",
    { driver: host.driver.name, walls },
  );
  const server = buildServer(host, walls);
  const flycast = createFlycast(host);
  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    flycast.close();
    flycast.closeAllConnections();
    await server.close();
    await host.close(graceMs);
    process.exit(0);
  };
  for (const name of ["SIGTERM", "SIGINT"] as const)
    process.on(name, () => {
      end().catch((err: unknown) => {
        log("could not end cleanly", { err });
        process.exit(1);
      });
    });
  const url = await server.listen({ port: settings.port, host: address });
  const proxyUrl = `http://${address}:${await listen(flycast, settings.proxyPort)}`;
  setInterval(() => {
    host.dropOldSnapshots();
    void trimLogs(host);
  }, tidyEveryMs).unref();
  process.stdout.write(
    `${JSON.stringify({ ready: true, url, proxyUrl, driver: host.driver.name, walls })}\n`,
  );
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, address);
  await once(server, "listening");
  // A TCP server that listens has an address with a port.
  return (server.address() as AddressInfo).port;
}

async function trimLogs(host: Host): Promise<void> {
  for (const machine of host.machines.values()) {
    if (machine.record.process === null) continue;
    await host.driver
      .trimLog(machine.record.id)
      .catch((err: unknown) => log("a log could not be cut", { err }));
  }
}

main().catch((err: unknown) => {
  log("the machines host could not start", { err });
  process.exit(1);
});
