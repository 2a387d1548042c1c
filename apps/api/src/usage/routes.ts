import { exportUsage, getUsage, pauseSpending, postUsage, resumeSpending, setCaps } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { serve, serveFile, type Server } from "../http/serve.ts";
import { pauseSpending as pause } from "../models/pause-spending.ts";
import { resumeSpending as resume } from "../models/resume-spending.ts";
import { setCaps as changeCaps } from "../models/set-caps.ts";
import { exportMonth } from "./export-month.ts";
import { readUsage } from "./read-usage.ts";
import { storeClaim } from "./store-claim.ts";

export function usageRoutes(server: Server, deps: Deps): void {
  serve(server, getUsage, ({ month }, caller) => readUsage(deps, caller.userId, month));
  serveFile(server, exportUsage, ({ month }, caller) => exportMonth(deps, caller.userId, month));
  serve(server, postUsage, async (claim, caller) => {
    await storeClaim(deps, { botId: caller.botId, ...claim });
    return { accepted: true as const };
  });
  serve(server, setCaps, async (caps, caller) => ({ budget: await changeCaps(deps, caller.userId, caps) }));
  serve(server, pauseSpending, async (_input, caller) => ({ budget: await pause(deps, caller.userId) }));
  serve(server, resumeSpending, async (_input, caller) => ({ budget: await resume(deps, caller.userId) }));
}
