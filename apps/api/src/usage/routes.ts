import { getUsage, postUsage } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { serve, type Server } from "../http/serve.ts";
import { readUsage } from "./read-usage.ts";
import { storeClaim } from "./store-claim.ts";

export function usageRoutes(server: Server, deps: Deps): void {
  serve(server, getUsage, ({ month }, caller) => readUsage(deps, caller.userId, month));
  serve(server, postUsage, async (claim, caller) => {
    await storeClaim(deps, { botId: caller.botId, ...claim });
    return { accepted: true as const };
  });
}
