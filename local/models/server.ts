/** Routes, key, faults: everything of the model stand-in that is the same for all three formats. */
import { randomUUID, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type Answer, messageBody, messageFrames, readMessages } from "./anthropic.ts";
import { PrefixCache } from "./cache.ts";
import { completionBody, completionFrames, readCompletion } from "./completions.ts";
import { type Fault, Faults } from "./faults.ts";
import { BadRequest, type Frame, isObject, type Json, type Prompt } from "./prompt.ts";
import { buildReply, inputTokens } from "./reply.ts";
import { readResponse, responseBody, responseFrames } from "./responses.ts";
import { sendFrames, tokensBefore } from "./send.ts";
import type { TruthLog } from "./truth.ts";

/** Anthropic's own limit for a request body. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const NONSENSE = "@nonsense@";

export interface StandInOptions {
  delayMs: number;
  /** Undefined: any key is welcome. */
  apiKey: string | undefined;
  control: boolean;
  truth: TruthLog;
  log: (line: string) => void;
}

interface Format {
  family: "anthropic" | "openai";
  read(body: Json): Prompt;
  body(answer: Answer): Json;
  frames(answer: Answer): Frame[];
}

const formats: Record<string, Format> = {
  "/v1/messages": { family: "anthropic", read: readMessages, body: messageBody, frames: messageFrames },
  "/v1/chat/completions": {
    family: "openai",
    read: readCompletion,
    body: completionBody,
    frames: completionFrames,
  },
  "/v1/responses": { family: "openai", read: readResponse, body: responseBody, frames: responseFrames },
};

export function createStandIn(options: StandInOptions): Server {
  const cache = new PrefixCache();
  const faults = new Faults();
  return createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (req, res) => {
    const requestId = `req_${randomUUID().replaceAll("-", "")}`;
    const family = req.url?.startsWith("/v1/messages") || req.headers["x-api-key"] !== undefined ? "anthropic" : "openai";
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
  const { req, res, faults, options } = exchange;
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
  await answerCall(exchange, format, faults.next());
}

async function answerCall(
  exchange: Exchange,
  format: Format,
  planned: Map<Fault["kind"], Fault>,
): Promise<void> {
  const { req, res, requestId, cache, options } = exchange;
  const prompt = format.read(await readBody(req));
  if (format.family === "anthropic" && prompt.maxTokens === undefined)
    throw new BadRequest("max_tokens: Field required");
  const fault = <K extends Fault["kind"]>(kind: K) =>
    planned.get(kind) as Extract<Fault, { kind: K }> | undefined; // keyed by its own kind
  const late = fault("late");
  if (late) await delay(late.delayMs);
  const status = fault("status");
  if (status) {
    if (status.retryAfter !== undefined) res.setHeader("retry-after", String(status.retryAfter));
    sendError(res, format.family, errorOf(status.status, status.message));
    return;
  }
  const counted = buildReply(prompt, fault("reply")?.text);
  const input =
    format.family === "anthropic"
      ? cache.countMarked(prompt, Date.now())
      : cache.countAutomatic(prompt, Date.now());
  const usage = { ...input, output: counted.output, thinking: counted.thinking };
  const nonsense = fault("usage")?.tokens;
  const reported = nonsense === undefined ? usage.output : NONSENSE;
  const answer: Answer = { id: requestId.slice(4), prompt, reply: counted.reply, usage, reported };
  const put = (text: string) => (nonsense === undefined ? text : text.replaceAll(`"${NONSENSE}"`, nonsense));
  const record = (output: number) =>
    options.truth.append({
      requestId,
      model: prompt.model,
      usage: { ...usage, output },
      status: 200,
      at: new Date().toISOString(),
    });
  if (!prompt.stream) {
    await record(usage.output);
    sendBytes(res, 200, put(JSON.stringify(format.body(answer))));
    return;
  }
  const frames = withError(format.frames(answer), fault("error")?.message).map((frame) => ({
    ...frame,
    bytes: put(frame.bytes),
  }));
  const cut = fault("cut")?.afterBytes;
  await record(cut === undefined ? (frames.at(-1)?.output ?? 0) : tokensBefore(frames, cut));
  res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  res.flushHeaders();
  const delayMs = fault("slow")?.delayMs ?? options.delayMs;
  await sendFrames(res, frames, {
    delayMs,
    cutAfterBytes: cut,
    silentAfterFirst: fault("silent") !== undefined,
  });
}

/** The provider's error event in the middle of a stream, and nothing after it. */
function withError(frames: Frame[], message: string | undefined): Frame[] {
  if (message === undefined) return frames;
  const first = frames.findIndex((frame) => frame.paced) + 1;
  const data = { type: "error", error: { type: "overloaded_error", message } };
  const output = frames[first - 1]?.output ?? 0;
  return [
    ...frames.slice(0, first),
    { bytes: `event: error\ndata: ${JSON.stringify(data)}\n\n`, output, paced: false },
  ];
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
