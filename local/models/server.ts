/** Routes, key, faults: everything of the model stand-in that is the same for all three formats. */
import { randomUUID, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { readMessages } from "./anthropic.ts";
import { type Format, formats, planAnswer } from "./answer.ts";
import { PrefixCache } from "./cache.ts";
import { Faults } from "./faults.ts";
import { BadRequest, isObject, type Json } from "./prompt.ts";
import { inputTokens } from "./reply.ts";
import { sendFrames } from "./send.ts";
import type { TruthLog } from "./truth.ts";

/** Anthropic's own limit for a request body. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

export interface StandInOptions {
  delayMs: number;
  /** Undefined: any key is welcome. */
  apiKey: string | undefined;
  control: boolean;
  truth: TruthLog;
  log: (line: string) => void;
}

export function createStandIn(options: StandInOptions): Server {
  const cache = new PrefixCache();
  const faults = new Faults();
  return createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (req, res) => {
    const requestId = `req_${randomUUID().replaceAll("-", "")}`;
    const family =
      req.url?.startsWith("/v1/messages") || req.headers["x-api-key"] !== undefined ? "anthropic" : "openai";
    res.setHeader("request-id", requestId).setHeader("x-request-id", requestId);
    handle({ req, res, requestId, cache, faults, options }).catch((error: unknown) => {
      if (error instanceof BadRequest) {
        sendError(res, family, { status: error.status, type: error.type, message: error.message });
      } else {
        options.log(`request ${requestId} failed: ${String(error)}`);
        if (res.headersSent) res.destroy();
        else sendError(res, family, { status: 500, type: "api_error", message: "Internal server error" });
      }
    });
  });
}

interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  requestId: string;
  cache: PrefixCache;
  faults: Faults;
  options: StandInOptions;
}

async function handle(exchange: Exchange): Promise<void> {
  const { req, res, options } = exchange;
  const path = new URL(req.url ?? "/", "http://stand-in").pathname;
  if (path === "/" && req.method === "GET") {
    res.end("The demo model of Molt-OS: scripted answers, no model, no money.\n");
    return;
  }
  if (path.startsWith("/__")) {
    await control(path, exchange);
    return;
  }
  if (!isWelcome(req, options.apiKey)) throw new BadRequest("invalid x-api-key", 401, "authentication_error");
  if (path === "/v1/models" && req.method === "GET") {
    sendJson(res, 200, modelList());
    return;
  }
  if (req.method !== "POST") throw new BadRequest("Not found", 404, "not_found_error");
  if (path === "/v1/messages/count_tokens") {
    const counted = new PrefixCache().countAutomatic(readMessages(await readBody(req)), 0);
    sendJson(res, 200, { input_tokens: inputTokens(counted) });
    return;
  }
  const format = formats[path];
  if (!format) throw new BadRequest("Not found", 404, "not_found_error");
  await answerCall(exchange, format);
}

async function answerCall(
  { req, res, requestId, cache, faults, options }: Exchange,
  format: Format,
): Promise<void> {
  const planned = faults.next();
  const prompt = format.read(await readBody(req));
  const late = planned.get("late");
  if (late) await delay(late.delayMs);
  const status = planned.get("status");
  if (status) {
    if (status.retryAfter !== undefined) res.setHeader("retry-after", String(status.retryAfter));
    sendError(res, format.family, errorOf(status.status, status.message));
    return;
  }
  const plan = planAnswer({ requestId, prompt, format, cache, planned });
  await options.truth.append(plan.truth);
  if (!prompt.stream) {
    sendBytes(res, 200, plan.frames.map((frame) => frame.bytes).join(""));
    return;
  }
  res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  res.flushHeaders();
  await sendFrames(res, plan.frames, {
    delayMs: planned.get("slow")?.delayMs ?? options.delayMs,
    cutAfterBytes: planned.get("cut")?.afterBytes,
    silentAfterFirst: planned.get("silent") !== undefined,
  });
}

async function control(path: string, { req, res, faults, options }: Exchange): Promise<void> {
  if (!options.control) throw new BadRequest("Not found", 404, "not_found_error");
  if (path === "/__truth" && req.method === "GET") sendJson(res, 200, { entries: options.truth.entries });
  else if (path === "/__control" && req.method === "POST") {
    faults.plan(await readBody(req));
    sendJson(res, 200, { ok: true });
  } else throw new BadRequest("Not found", 404, "not_found_error");
}

function isWelcome(req: IncomingMessage, apiKey: string | undefined): boolean {
  if (apiKey === undefined) return true;
  const header = req.headers["x-api-key"] ?? req.headers.authorization?.replace(/^Bearer /, "");
  const given = Buffer.from(typeof header === "string" ? header : "");
  const wanted = Buffer.from(apiKey);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readBody(req: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new BadRequest("Request exceeds the maximum size", 413, "request_too_large");
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new BadRequest("The request body is not valid JSON");
  }
  if (!isObject(body)) throw new BadRequest("The request body is not a JSON object");
  return body;
}

function modelList(): Json {
  const model = { id: "molt-demo-1", display_name: "Molt demo model", created_at: "2026-11-22T00:00:00Z" };
  const data = [{ ...model, type: "model", object: "model", created: 1_795_305_600, owned_by: "molt" }];
  return { object: "list", data, has_more: false, first_id: model.id, last_id: model.id };
}

function errorOf(
  status: number,
  message: string | undefined,
): { status: number; type: string; message: string } {
  const known: Record<number, [string, string]> = {
    401: ["authentication_error", "invalid x-api-key"],
    429: ["rate_limit_error", "This request would exceed your rate limit"],
    500: ["api_error", "Internal server error"],
    529: ["overloaded_error", "Overloaded"],
  };
  const [type, text] = known[status] ?? ["invalid_request_error", "Bad request"];
  return { status, type, message: message ?? text };
}

function sendError(
  res: ServerResponse,
  family: Format["family"],
  error: { status: number; type: string; message: string },
): void {
  const { status, type, message } = error;
  const openai = { error: { message, type, param: null, code: null } };
  sendJson(res, status, family === "anthropic" ? { type: "error", error: { type, message } } : openai);
}

function sendJson(res: ServerResponse, status: number, body: Json): void {
  sendBytes(res, status, JSON.stringify(body));
}

function sendBytes(res: ServerResponse, status: number, text: string): void {
  const bytes = Buffer.from(text);
  res.writeHead(status, { "content-type": "application/json", "content-length": bytes.length }).end(bytes);
}
