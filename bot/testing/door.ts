/** A door before a scripted gateway, and its callers. */
import type { TestContext } from "node:test";
import { openDoor } from "../door.ts";
import { createLog } from "../log.ts";
import { watchReadiness } from "../readiness.ts";
import { relayLimits } from "../relay.ts";
import type { RelayLimits } from "../relay.ts";
import { startScriptedGateway, TOKEN } from "./scripted-gateway.ts";

const quiet = createLog(() => {}, []);
export const bearer = { authorization: `Bearer ${TOKEN}` };

/** A door before a scripted gateway whose process is said to live. */
export async function setUp(t: TestContext, limits: Partial<RelayLimits> = {}) {
  const gateway = await startScriptedGateway(t);
  const life = { alive: true, generation: 1 };
  const ready = Promise.withResolvers<void>();
  const readiness = watchReadiness({
    gatewayPort: gateway.port,
    token: TOKEN,
    process: { alive: () => life.alive, generation: () => life.generation },
    log: quiet,
    warmUp: false,
    onWarm: ready.resolve,
  });
  const door = await openDoor({
    host: "127.0.0.1",
    port: 0,
    token: TOKEN,
    gatewayPort: gateway.port,
    readiness: () => readiness.check(),
    log: quiet,
    limits: { ...relayLimits, ...limits },
  });
  t.after(async () => {
    readiness.stop();
    await door.close();
  });
  const http = `http://127.0.0.1:${door.port}`;
  return {
    gateway,
    life,
    readiness,
    ready: ready.promise,
    door,
    http,
    ws: `ws://127.0.0.1:${door.port}/gateway`,
  };
}

export const get = async (url: string) => {
  const answer = await fetch(url);
  return { status: answer.status, body: await answer.json() };
};
export const post = async (url: string, body: string, headers: Record<string, string> = bearer) => {
  const answer = await fetch(url, { method: "POST", body, headers });
  // Bodies are compared whole or by one named field; what is not there is undefined.
  return { status: answer.status, body: (await answer.json()) as { error?: { code: string } } };
};
