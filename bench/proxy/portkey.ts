/** The peer: @portkey-ai/gateway. */
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../scripts/lib/ports.ts";
import { installPeer, peerFile } from "../peer.ts";
import { type Part, spawnNode } from "./part.ts";

const PORTKEY = { name: "@portkey-ai/gateway", version: "1.15.2", file: "build/start-server.js" };
const START_MS = 20_000;

/** @returns why it cannot be had, or undefined when it is there. */
export function installPortkey(say: (line: string) => void): Promise<string | undefined> {
  return installPeer(PORTKEY, say);
}

/** What a client sends so that Portkey asks our origin. */
export function portkeyHeaders(originUrl: string, key: string): Record<string, string> {
  return {
    "x-api-key": key,
    authorization: `Bearer ${key}`,
    "x-portkey-provider": "anthropic",
    "x-portkey-custom-host": `${originUrl}/v1`,
  };
}

export async function startPortkey(core?: number): Promise<Part> {
  const port = await freePort();
  const preload = new URL("portkey-preload.ts", import.meta.url).pathname;
  const child = spawnNode(peerFile(PORTKEY), {
    env: { NODE_ENV: "production" },
    flags: ["--import", preload],
    args: [`--port=${port}`, "--headless"],
    ...(core === undefined ? {} : { core }),
  });
  child.stdout?.resume();
  const url = `http://127.0.0.1:${port}`;
  const until = performance.now() + START_MS;
  while (
    !(await fetch(url).then(
      () => true,
      () => false,
    ))
  ) {
    if (performance.now() > until || child.exitCode !== null) throw new Error("Portkey did not start");
    await delay(50);
  }
  return { child, url };
}
