/** One bot in the hands of one worker: what it is, what may be asked of whom, and how it is written. */
import { setMaxListeners } from "node:events";
import type { Deps } from "../deps.ts";
import type { probeGateway } from "../link/probe-gateway.ts";
import { open } from "../secrets.ts";
import type { Door, DoorRef } from "./door.ts";
import type { Fly, FlyMachine, MachineRef } from "./fly.ts";
import type { FleetLimits } from "./limits.ts";
import { gatewayTokenPlace } from "./secret-places.ts";
import { type BotPatch, type LeasedBot, LeaseLost, renewLease, writeBot } from "./table.ts";

export interface FleetTools {
  deps: Deps;
  fly: Fly;
  door: Door;
  /** A first successful connect. A parameter, because a test has no bot that speaks the protocol. */
  probe: typeof probeGateway;
  limits: FleetLimits;
}

export interface HeldBot {
  readonly tools: FleetTools;
  /** As of the last write or renewal. */
  bot: LeasedBot;
  /** Aborted when the lease is lost or the worker ends. */
  readonly signal: AbortSignal;
}

/** Writes under the lease, and tells the app when what it shows has changed. @throws {LeaseLost} */
export async function save(held: HeldBot, patch: BotPatch): Promise<void> {
  const { deps } = held.tools;
  const shows = patch.status !== undefined || patch.step !== undefined;
  if (!shows) {
    held.bot = await writeBot(deps.db, held.bot, patch);
    return;
  }
  held.bot = await deps.db.transaction().execute(async (trx) => {
    const row = await writeBot(trx, held.bot, patch);
    await deps.events.publish(trx, { kind: "bot", botId: row.id, userId: row.user_id });
    return row;
  });
}

/** Reads the row anew and makes sure, right before something is changed at Fly, that it is still ours. */
export async function renew(held: HeldBot): Promise<void> {
  held.signal.throwIfAborted();
  held.bot = await renewLease(held.tools.deps.db, held.bot, held.tools.limits.leaseMs);
}

export const pause = (held: HeldBot, ms = held.tools.limits.pollMs): Promise<void> =>
  held.tools.deps.clock.sleep(ms, held.signal);

export function appOf(held: HeldBot): string {
  const { fly_app_id: app, id } = held.bot;
  if (app === null) throw new Error(`bot ${id} has no app yet`);
  return app;
}

export const refOf = (held: HeldBot, machine: FlyMachine): MachineRef => ({
  app: appOf(held),
  machine: machine.id,
});

export function doorOf(held: HeldBot): DoorRef {
  return { app: appOf(held), token: gatewayToken(held) };
}

export function gatewayToken(held: HeldBot): string {
  const { gateway_token: sealed, id } = held.bot;
  if (sealed === null) throw new Error(`bot ${id} has no gateway token`);
  return open(held.tools.deps.config.masterKey, sealed, gatewayTokenPlace(id));
}

/**
 * Works on the bot while a heartbeat keeps the lease. Losing it aborts the work: whoever has the
 * bot now does it from what it finds.
 */
export async function holding<T>(
  tools: FleetTools,
  { bot, signal: outer }: { bot: LeasedBot; signal: AbortSignal },
  work: (held: HeldBot) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const signal = AbortSignal.any([outer, over.signal]);
  setMaxListeners(0, signal);
  const { deps, limits } = tools;
  const beat = async (): Promise<void> => {
    while (!signal.aborted) {
      await deps.clock.sleep(limits.leaseMs / 3, signal);
      await renewLease(deps.db, bot, limits.leaseMs);
    }
  };
  const beating = beat().catch((error: unknown) => {
    // A database that cannot be reached costs the lease as well: better to stop than to overlap.
    if (!signal.aborted)
      over.abort(
        error instanceof LeaseLost
          ? error
          : new LeaseLost("the lease could not be renewed", { cause: error }),
      );
  });
  try {
    return await work({ tools, bot, signal });
  } finally {
    over.abort();
    await beating;
  }
}
