/**
 * What runs at Fly and belongs to nobody here: a bot's row that went with its account, an app that a
 * dying worker made. Removed, but late, few at a time, only where it says itself that it is ours, and
 * never on an answer that looks wrong (F44, F45).
 */
import type { Deps } from "../deps.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import { createFly, type Fly, type FlyMachine } from "./fly.ts";
import { isAppName } from "./machine-config.ts";
import { observedState } from "./next-step.ts";
import { knownBots } from "./table.ts";

export interface SweepLimits {
  quarantineMs: number;
  /** Per run: at most so many, and at most this share of what there is. */
  most: number;
  share: number;
}

const everyMs = 60_000;
const sweepLimits: SweepLimits = { quarantineMs: 600_000, most: 3, share: 0.05 };

export function sweepOrphansLoop(deps: Deps, fly: Fly = createFly(deps.config.fly, deps.clock)): Loop {
  const firstSeen = new Map<string, number>();
  return startLoop(deps, {
    name: "sweep-orphans",
    everyMs,
    run: (signal) => sweepOrphans({ deps, fly, firstSeen, limits: sweepLimits }, signal),
  });
}

export interface Sweep {
  deps: Deps;
  fly: Fly;
  /** When this process first saw an app without a bot, by its own clock. */
  firstSeen: Map<string, number>;
  limits: SweepLimits;
}

/** Says what it did. A failed list throws, and nothing happens. */
export async function sweepOrphans(
  { deps, fly, firstSeen, limits }: Sweep,
  signal: AbortSignal,
): Promise<string> {
  const apps = (await fly.listApps(signal)).map((app) => app.name).filter(isAppName);
  const rows = await deps.db
    .selectFrom("app.bots")
    .select("fly_app_id")
    .where("fly_app_id", "is not", null)
    .execute();
  const wanted = new Set(rows.map((row) => row.fly_app_id));
  const orphans = apps.filter((name) => !wanted.has(name));
  const now = deps.clock.monotonicMs();
  for (const name of firstSeen.keys()) if (!orphans.includes(name)) firstSeen.delete(name);
  for (const name of orphans) if (!firstSeen.has(name)) firstSeen.set(name, now);
  const due = orphans.filter((name) => now - (firstSeen.get(name) ?? now) >= limits.quarantineMs);
  // Many orphans at once are no accident of one bot: a wrong database, or a wrong organisation.
  const allowed = Math.min(limits.most, Math.max(1, Math.floor(apps.length * limits.share)));
  if (wanted.size === 0 && due.length > allowed) {
    deps.log.error(
      { apps: apps.length, orphans: due.length },
      "no bot here, but many at Fly: nothing is removed",
    );
    return "";
  }
  let removed = 0;
  for (const name of due) {
    if (removed >= allowed) break;
    if (await removeOrphan(deps, { fly, name, signal })) removed += 1;
  }
  return removed === 0 ? "" : `removed ${removed} of ${orphans.length} apps that belong to no bot`;
}

async function removeOrphan(
  deps: Deps,
  { fly, name, signal }: { fly: Fly; name: string; signal: AbortSignal },
): Promise<boolean> {
  const machines = ((await fly.listMachines(name, signal)) ?? []).filter(
    (machine) => observedState(machine) !== "absent",
  );
  const ids = machines.map(botOf);
  const foreign = machines.some(
    (machine) => machine.config?.metadata?.["molt_env"] !== deps.config.environment,
  );
  const alive = await knownBots(
    deps.db,
    ids.filter((id) => id !== undefined),
  );
  // An app without a machine says nothing about its environment: it costs next to nothing and stays.
  if (machines.length === 0 || foreign || alive.size > 0) return false;
  deps.log.warn(
    { app: name, machines: machines.map((machine) => machine.id) },
    "an app that belongs to no bot is removed",
  );
  await fly.deleteApp(name, signal);
  return true;
}

function botOf(machine: FlyMachine): string | undefined {
  const id = machine.config?.metadata?.["molt_bot"];
  return id !== undefined && /^[0-9a-f-]{36}$/.test(id) ? id : undefined;
}
