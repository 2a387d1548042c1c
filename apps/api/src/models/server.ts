/** The model proxy as a server: what bots reach instead of a provider. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Deps } from "../deps.ts";
import { Gate } from "./admit-bot.ts";
import { type Proxy } from "./answer-call.ts";
import { answerBot } from "./answer-bot.ts";
import { answerRouter, plainPath } from "./answer-router.ts";
import { LoopGuard } from "./breaker-loop.ts";
import { Buffered, Held } from "./buffered.ts";
import { checkJson } from "./check-json.ts";
import { countTokens, listModels } from "./free-calls.ts";
import { type CallLedger, Ledger } from "./ledger.ts";
import { DEFAULT_LIMITS, Limiter, type Limits } from "./limiter.ts";
import { type ModelApi, readProviders } from "./providers.ts";
import { CallRefused, type Refusal, refusalBody, refusals, tooMuchWork } from "./refusals.ts";
import { stopLoop } from "./stop-loop.ts";
import { Upstream } from "./upstream.ts";

/** Anthropic's own limit for a request. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Looking a long text through costs as much as reading one mark of JSON, so many bytes at a time. */
const BYTES_PER_MARK = 64;
/** How long running answers may go on after the stop was asked for. */
const STOP_MS = 7_000;

const APIS: Readonly<Record<string, ModelApi>> = {
  "/v1/messages": "anthropic-messages",
  "/v1/chat/completions": "openai-completions",
  "/v1/responses": "openai-responses",
};

export interface ModelsOptions {
  host: string;
  /** 0 = any free port. */
  port: number;
  /** Where the providers and their keys are read from (providers.ts). */
  env: Readonly<Record<string, string | undefined>>;
  /** Per bot; the defaults are in limiter.ts. */
  limits?: Limits;
  /** Another ledger than the one in the database. Only measurements have one. */
  openLedger?: (deps: Deps) => Promise<CallLedger>;
}

export interface ModelsServer {
  url: string;
  /** Takes no new calls, lets running ones end for a while, and writes what they cost. */
  stop(): Promise<void>;
}

interface State extends Proxy {
  gate: Gate;
  limiter: Limiter;
  loops: LoopGuard;
  buffered: Buffered;
  stopping: boolean;
}

export async function startModels(
  deps: Deps,
  { host, port, env, limits = DEFAULT_LIMITS, openLedger = Ledger.open }: ModelsOptions,
): Promise<ModelsServer> {
  const providers = readProviders(env);
  const state: State = {
    deps,
    providers,
    ledger: await openLedger(deps),
    upstream: new Upstream(),
    gate: await Gate.open(deps),
    limiter: new Limiter(deps.clock, limits),
    loops: new LoopGuard(deps.clock, { max: limits.sameCalls, trip: (botId) => stopLoop(deps, botId) }),
    keys: providers.flatMap((provider) => provider.keys),
    drains: { count: 0 },
    buffered: new Buffered(),
    stopping: false,
  };
  const running = new Set<Promise<void>>();
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 65_000 },
    (req, res) => {
      const handled = handle(state, req, res).catch((error: unknown) => fail(state, { req, res }, error));
      running.add(handled);
      void handled.finally(() => running.delete(handled));
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, resolve);
  });
  // A server that listens on a host and port has an AddressInfo.
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    stop: () => stop(state, server, running),
  };
}

async function stop(state: State, server: Server, running: ReadonlySet<Promise<void>>): Promise<void> {
  state.stopping = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const patience = new AbortController();
  const tooLong = delay(STOP_MS, undefined, { signal: patience.signal }).catch(() => undefined); // all ended in time
  await Promise.race([settled(running), tooLong]);
  patience.abort();
  state.ledger.giveUp();
  server.closeAllConnections();
  state.upstream.close();
  await settled(running);
  await closed;
  state.gate.close();
  await state.ledger.close();
}

async function settled(running: ReadonlySet<Promise<void>>): Promise<void> {
  while (running.size > 0) await Promise.all(running);
}

async function handle(state: State, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = plainPath(req.url);
  if (path === "/healthz") {
    res.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
    return;
  }
  if (state.stopping) throw new CallRefused(refusals.stopping);
  const { botId } = await state.gate.admit(req);
  const end = state.limiter.start(botId);
  if (!end) throw new CallRefused(refusals.tooMany);
  try {
    if (path === "/v1/models" && req.method === "GET") {
      listModels(state, req, res);
      return;
    }
    if (await answerRouter(state, { req, res, path, botId })) return;
    const api = APIS[path];
    const isCount = path === "/v1/messages/count_tokens";
    if (req.method !== "POST" || (!api && !isCount)) throw new CallRefused(refusals.notFound);
    const held = new Held(state.buffered, botId);
    try {
      const body = await readBody(req, held);
      const wait = state.limiter.takeWork(botId, checkJson(body) + body.length / BYTES_PER_MARK);
      if (wait > 0) throw tooMuchWork(wait);
      if (!api) await countTokens(state, { req, res, body });
      else await answerBot(state, { req, res, body, botId }, api);
    } finally {
      held.release();
    }
  } finally {
    end();
  }
}

async function readBody(req: IncomingMessage, held: Held): Promise<Buffer> {
  if (Number(req.headers["content-length"] ?? 0) > MAX_BODY_BYTES) throw new CallRefused(refusals.tooLarge);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const refuse = (refusal: Refusal) => {
      req.pause(); // the rest is never read: the refusal closes the connection
      reject(new CallRefused(refusal));
    };
    req.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) refuse(refusals.tooLarge);
      else if (!held.add(chunk.length)) refuse(refusals.tooMany);
      else chunks.push(chunk);
    });
    req.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size)));
    req.on("error", reject);
    req.on("close", () => reject(new Error("the client left before its request was whole")));
  });
}

function fail(
  { deps }: State,
  { req, res }: { req: IncomingMessage; res: ServerResponse },
  error: unknown,
): void {
  const isRefusal = error instanceof CallRefused;
  if (!isRefusal && !req.destroyed)
    deps.log.error({ err: error, path: req.url?.split("?", 1)[0] }, "a model call failed");
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const refusal: Refusal = isRefusal ? error.refusal : refusals.ledgerDown;
  const isAnthropic =
    req.url?.startsWith("/v1/messages") || typeof req.headers["anthropic-version"] === "string";
  const bytes = Buffer.from(refusalBody(isAnthropic ? "anthropic-messages" : "openai-completions", refusal));
  const retry =
    refusal.retryAfterSeconds === undefined ? {} : { "retry-after": String(refusal.retryAfterSeconds) };
  // An unread body would be taken for the next request.
  const close = req.complete ? {} : { connection: "close" };
  res
    .writeHead(refusal.status, {
      "content-type": "application/json",
      "content-length": bytes.length,
      ...retry,
      ...close,
    })
    .end(bytes);
}
