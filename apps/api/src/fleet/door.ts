/**
 * The bot's door over HTTP: is it ready, may it be frozen, may it go on. The address is
 * `<app>.flycast` everywhere; outside Fly's network another one is dialled under that name.
 */
import { request } from "node:http";
import { z } from "zod";
import type { Config } from "../config.ts";

export interface DoorRef {
  app: string;
  token: string;
}

export type Preparation = { ready: true; suspensionId: string; nextWakeAt: Date | null } | { ready: false };

const callTimeoutMs = 5_000;
/** Preparing asks the gateway, which may be slow on a busy machine. */
const suspendTimeoutMs = 20_000;
const maxAnswerBytes = 64 * 1024;

const prepared = z.object({ suspensionId: z.string().min(1), nextWakeAtMs: z.number().nullish() });

export interface Door {
  /** False also while nobody listens there: a machine is up before its bot is. */
  isReady(app: string, signal: AbortSignal): Promise<boolean>;
  /** Fences the bot so that it may be frozen, or says that it is at work. */
  prepareSleep(door: DoorRef, requestId: string, signal: AbortSignal): Promise<Preparation>;
  /** Lifts the fence. False when the bot does not take work yet. */
  resume(door: DoorRef, suspensionId: string, signal: AbortSignal): Promise<boolean>;
}

interface Answer {
  status: number;
  body: unknown;
}

export class DoorError extends Error {
  override name = "DoorError";
}

export function createDoor(settings: Pick<Config["fly"], "dialUrl">): Door {
  const post = (door: DoorRef, path: string, sent: { body: object; signal: AbortSignal }) =>
    call(settings, {
      app: door.app,
      method: "POST",
      path,
      token: door.token,
      timeoutMs: suspendTimeoutMs,
      ...sent,
    });
  return {
    async isReady(app, signal) {
      const answer = await call(settings, {
        app,
        method: "GET",
        path: "/readyz",
        signal,
        timeoutMs: callTimeoutMs,
      }).catch((error: unknown) => {
        signal.throwIfAborted();
        if (error instanceof DoorError) return undefined;
        throw error;
      });
      return answer?.status === 200;
    },
    async prepareSleep(door, requestId, signal) {
      const answer = await post(door, "/suspend/prepare", { body: { requestId }, signal });
      if (answer.status === 409) return { ready: false };
      const told = prepared.safeParse(answer.body);
      if (answer.status !== 200 || !told.success)
        throw new DoorError(`the door answered ${answer.status} to /suspend/prepare`);
      const { suspensionId, nextWakeAtMs } = told.data;
      return { ready: true, suspensionId, nextWakeAt: nextWakeAtMs == null ? null : new Date(nextWakeAtMs) };
    },
    async resume(door, suspensionId, signal) {
      return (await post(door, "/suspend/resume", { body: { suspensionId }, signal })).status === 200;
    },
  };
}

interface DoorCall {
  app: string;
  method: "GET" | "POST";
  path: string;
  token?: string;
  body?: object;
  signal: AbortSignal;
  timeoutMs: number;
}

function call(settings: Pick<Config["fly"], "dialUrl">, sent: DoorCall): Promise<Answer> {
  const name = `${sent.app}.flycast`;
  const text = sent.body === undefined ? undefined : JSON.stringify(sent.body);
  const signal = AbortSignal.any([sent.signal, AbortSignal.timeout(sent.timeoutMs)]);
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(new DoorError(`no answer from ${name}${sent.path}`, { cause }));
    const outgoing = request(new URL(sent.path, settings.dialUrl ?? `http://${name}`), {
      method: sent.method,
      signal,
      agent: false,
      headers: {
        host: name,
        ...(sent.token === undefined ? {} : { authorization: `Bearer ${sent.token}` }),
        ...(text === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
      },
    });
    outgoing.on("error", fail);
    outgoing.on("response", (response) => {
      let answer = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        answer += part;
        if (answer.length > maxAnswerBytes) response.destroy(new Error("too long"));
      });
      response.on("error", fail);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: parse(answer) }));
    });
    outgoing.end(text);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller's schema refuses it
  }
}
