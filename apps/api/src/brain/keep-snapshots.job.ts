import type { Links } from "../chat/conversations.ts";
import type { Deps } from "../deps.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import { selectChangedMinds } from "./table.ts";
import { takeSnapshot } from "./take-snapshot.ts";

/** A bot sleeps after 15 idle minutes at the earliest: by then its last picture is long taken. */
const EVERY_MS = 30_000;
const BATCH = 50;

/**
 * Keeps a picture of every mind that was at work since the last one, so that there is one to look at
 * while the bot sleeps, whether or not anybody looked while it was awake. Runs where the lines are.
 * A bot that cannot be read holds up no other; it is tried again at the next look.
 */
export function keepSnapshots(deps: Deps, links: Links): Loop {
  return startLoop(deps, {
    name: "minds",
    everyMs: EVERY_MS,
    async run() {
      let kept = 0;
      for (const botId of await selectChangedMinds(deps.db, BATCH)) {
        const link = links.link(botId);
        if (link?.state !== "open") continue;
        try {
          await takeSnapshot(deps, botId, link);
          kept += 1;
        } catch (err) {
          deps.log.warn({ botId, err }, "could not read a mind, will be tried again");
        }
      }
      return kept > 0 ? `kept ${kept} minds` : "";
    },
  });
}
