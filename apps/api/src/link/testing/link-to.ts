/** A link before a scripted door that keeps what it is told, and the events and histories to send it. */
import type { TestContext } from "node:test";
import { systemClock } from "../../clock.ts";
import { createLog } from "../../log.ts";
import { type Link, type LinkHandlers, openLink } from "../link.ts";
import { MAIN_CHAT } from "../run-events.ts";
import { type ScriptedDoor, TOKEN } from "./scripted-door.ts";

type What = keyof LinkHandlers;

/** A link to a scripted door, and everything it tells. */
export async function linkTo(t: TestContext, door: ScriptedDoor, token = TOKEN) {
  const told: { what: What; value: unknown }[] = [];
  const waiting = new Set<() => void>();
  const tell =
    (what: What) =>
    (...value: unknown[]) => {
      told.push({ what, value: value.length > 1 ? value : value[0] });
      for (const look of waiting) look();
    };
  const link: Link = openLink(
    { config: { fly: { dialUrl: door.url } }, clock: systemClock(), log: createLog([], "silent") },
    { botId: "bot-1", flyAppId: "molt-bot-1", gatewayToken: token },
    {
      onState: tell("onState"),
      onBoot: tell("onBoot"),
      onReceipt: tell("onReceipt"),
      onDelta: tell("onDelta"),
      onActivity: tell("onActivity"),
      onFinal: tell("onFinal"),
      onAborted: tell("onAborted"),
      onError: tell("onError"),
      onRetry: tell("onRetry"),
      onForeignFinal: tell("onForeignFinal"),
    },
  );
  t.after(() => link.close());
  const of = (what: What) => told.filter((one) => one.what === what).map((one) => one.value);
  /** Resolves with the values once a thing was told so often. */
  const hears = async (what: What, times = 1) => {
    if (of(what).length < times)
      await new Promise<void>((resolve) => {
        const look = () => {
          if (of(what).length < times) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    return of(what);
  };
  const opened = async (times = 1) => {
    while (of("onState").filter((value) => stateOf(value) === "open").length < times)
      await hears("onState", of("onState").length + 1);
  };
  return { link, told, of, hears, opened };
}

export const stateOf = (value: unknown) => (Array.isArray(value) ? String(value[0]) : "");
export const chat = (runId: string, state: string, more: object = {}) => ({
  runId,
  sessionKey: MAIN_CHAT,
  agentId: "main",
  state,
  ...more,
});
export const words = (text: string) => ({
  message: { role: "assistant", content: [{ type: "text", text }] },
});
export const receipt = (id: string) => ({
  sessionKey: MAIN_CHAT,
  message: { role: "user", content: "x", idempotencyKey: `${id}:user` },
});
export const userRow = (id: string) => ({ role: "user", content: "x", idempotencyKey: `${id}:user` });
export const replyRow = (text: string, runId: string) => ({
  role: "assistant",
  content: [{ type: "text", text }],
  stopReason: "stop",
  __openclaw: { runId },
});
export const historyOf = (messages: object[], more: object = {}) => ({
  ok: true,
  payload: { messages, sessionInfo: { hasActiveRun: false }, ...more },
});
