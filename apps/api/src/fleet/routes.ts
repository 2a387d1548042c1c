import { provision } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { serve, type Server } from "../http/serve.ts";
import type { Loop } from "../jobs/loop.ts";
import { provisionBot } from "./provision-bot.ts";
import { reconcileLoop } from "./reconcile-bots.job.ts";
import { sleepIdleLoop } from "./sleep-idle-bots.job.ts";
import { sweepOrphansLoop } from "./sweep-orphans.job.ts";

export function fleetRoutes(server: Server, deps: Deps): void {
  serve(server, provision, async (_input, caller) => ({ bot: await provisionBot(deps, caller.userId) }));
}

export function fleetLoops(deps: Deps): Loop[] {
  return [reconcileLoop(deps), sleepIdleLoop(deps), sweepOrphansLoop(deps)];
}
