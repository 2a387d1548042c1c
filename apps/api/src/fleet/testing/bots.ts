/** What a test reads off a bot's row and Fly's truth, does to the bot, and makes happen between two calls. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { open } from "../../secrets.ts";
import type { Fly } from "../fly.ts";
import type { BotRow } from "../table.ts";
import type { TestFleet } from "./test-fleet.ts";

export const creations = (truth: { method: string; path: string }[]): string[] =>
  truth.filter(({ method, path }) => method === "POST" && path.endsWith("/machines")).map(({ path }) => path);

export const isRunning = (row: BotRow): boolean => row.status === "running";
export const hasFailed = (row: BotRow): boolean => row.status === "failed";

export function doorOf(fleet: TestFleet, row: BotRow) {
  const token = open(fleet.deps.config.masterKey, row.gateway_token ?? "", `bots:${row.id}:gateway_token`);
  return { botId: row.id, flyAppId: row.fly_app_id ?? "", gatewayToken: token };
}

/** "deaf", or "cron=60000": a file on the bot's disk, with what it holds. */
export async function conduct(fleet: TestFleet, row: BotRow, what: string): Promise<void> {
  const [name = "", text = ""] = what.split("=");
  await writeFile(join(fleet.dataDir, "volumes", row.volume_id ?? "", name), text);
}

/** The same Fly, but at the nth call something happens once the call is done and before its answer is seen. */
export function atCall(fly: Fly, nth: number, happens: () => Promise<void>): Fly {
  let calls = 0;
  return new Proxy(fly, {
    get(target, name, receiver) {
      const call: unknown = Reflect.get(target, name, receiver);
      if (typeof call !== "function") return call;
      return async (...args: unknown[]) => {
        calls += 1;
        const mine = calls === nth;
        const answer: unknown = await Reflect.apply(call, target, args);
        if (mine) await happens();
        return answer;
      };
    },
  });
}
