import { StartError } from "./data-dir.ts";
import type { Plan } from "./environment.ts";
import { isFree } from "./ports.ts";

/** @throws {StartError} when MOLT_PORT_BASE is no number that leaves room for all ports. */
export function readPortBase(env: NodeJS.ProcessEnv): number {
  const base = Number(env["MOLT_PORT_BASE"] ?? 4700);
  if (!Number.isInteger(base) || base < 1024 || base > 30_000) {
    throw new StartError(
      "MOLT_PORT_BASE must be a number from 1024 to 30000; Molt-OS uses the 13 ports from there, and bots those from 100 above it.",
    );
  }
  return base;
}

/** @throws {StartError} with the first port that another program holds; ports of services that are not started do not count. */
export async function checkPorts({ ports, standIns }: Plan): Promise<void> {
  const unused: Record<string, boolean> = {
    postgres: !standIns.database,
    auth: !standIns.auth,
    checkout: !standIns.billing,
    machines: !standIns.machines,
    flycast: !standIns.machines,
    mail: !standIns.mail,
    smtp: !standIns.mail,
    demoModel: !standIns.models,
    bots: true,
  };
  for (const [name, port] of Object.entries(ports)) {
    if (unused[name] || (await isFree(port))) continue;
    throw new StartError(
      `Port ${port} (${name}) is taken by another program. Stop that program, or set MOLT_PORT_BASE to use other ports.`,
    );
  }
}
